import type { CallEffect } from '../call-events.ts'
import type { SavedState } from '../saved-state.ts'

/*
 * Chart 3 had one leg, which did not know its id, called the number of a bridge its attempt, and a request for instructions a question. Calls that it has saved, events that
 * a process of that release hands over, and what was recorded of its calls are read in the words of today.
 */

/** Chart 3 did not know of transfers: one that runs is carried out by the process that holds the leg, which tells the call nothing. */
const NO_TRANSFER = { transferNumber: 0, transferTo: null, transferOutcome: null, transfersRefused: 0 }

/** The leg of a call that a node of chart 3 has opened has the id of its call. */
export const legOfChart3 = (callId: string): string => callId

/** A call that chart 3 has saved. */
export function nameLeg({ value, context, status }: SavedState, callId: string): SavedState {
  const { attempt, ...leg } = Object(context.leg)
  const { bridgeNumber, ...conversation } = Object(context.conversation)
  return {
    status,
    value: { ...Object(value), transfer: isClosing(value) ? 'over' : 'idle' },
    context: {
      ...context,
      leg: { ...leg, legId: legOfChart3(callId), bridgeNumber: attempt, goneBecause: null },
      conversation: { ...conversation, agentBridge: bridgeNumber },
      transfer: NO_TRANSFER,
    },
  }
}

const isClosing = (value: unknown): boolean => ['closing', 'gone'].includes(Object(value).leg)

/** An event as it is called now, whichever release says it. */
export function eventToday<Said extends { type: string }>(said: Said): Said {
  const renamed = withBridgeNumber(said)
  return said.type === 'leg.asked' ? { ...renamed, type: 'leg.instructionsRequested' } : renamed
}

/** An effect that some chart has asked for of a call, as that of today asks for it. */
export function effectToday<Effect extends { type: string; params?: object }>(
  effect: Effect,
  callId: string,
): Effect {
  if (!ABOUT_LEG.includes(effect.type)) return effect
  return { ...effect, params: { leg: legOfChart3(callId), ...withBridgeNumber(effect.params ?? {}) } }
}

const ABOUT_LEG: readonly string[] = ['redirectLeg', 'checkLeg', 'hangUpLeg'] satisfies CallEffect['type'][]

function withBridgeNumber<Named extends object>(named: Named): Named {
  if (!('attempt' in named)) return named
  const { attempt, ...rest } = named
  return { ...rest, bridgeNumber: attempt } as unknown as Named
}
