import type { SavedState } from '../saved-state.ts'

/*
 * Chart 3 called the number of a bridge its attempt, and a request for instructions a question. Calls that it has saved, events that
 * a process of that release hands over, and what was recorded of its calls are read in the words of today.
 */

/** A call that chart 3 has saved. */
export function renameBridges({ value, context, status }: SavedState): SavedState {
  const { attempt, ...leg } = Object(context.leg)
  const { bridgeNumber, ...conversation } = Object(context.conversation)
  return {
    ...{ value, status },
    context: {
      ...context,
      leg: { ...leg, bridgeNumber: attempt },
      conversation: { ...conversation, agentBridge: bridgeNumber },
    },
  }
}

/** An event as it is called now, whichever release says it. */
export function eventToday<Said extends { type: string }>(said: Said): Said {
  const renamed = withBridgeNumber(said)
  return said.type === 'leg.asked' ? { ...renamed, type: 'leg.instructionsRequested' } : renamed
}

/** An effect that some chart has asked for, as that of today asks for it. */
export const effectToday = <Effect extends { params?: object }>(effect: Effect): Effect =>
  effect.params ? { ...effect, params: withBridgeNumber(effect.params) } : effect

function withBridgeNumber<Named extends object>(named: Named): Named {
  if (!('attempt' in named)) return named
  const { attempt, ...rest } = named
  return { ...rest, bridgeNumber: attempt } as unknown as Named
}
