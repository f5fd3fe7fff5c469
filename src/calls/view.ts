import type { ContextOf } from '../../machines/call/call-context.ts'
import type { callSystem } from '../../machines/call/call-system.ts'
import { callState, type MachineStates } from '../../machines/call/call-view.ts'
import type { CallState, CallView } from '../../machines/instructions.ts'
import type { SavedState } from '../../machines/saved-state.ts'
import type { ActorFeed } from '../actors/actor-feed.ts'
import type { SystemSnapshot } from '../actors/machine-system.ts'

export type CallSnapshot = SystemSnapshot<typeof callSystem>

export type CallFeed = ActorFeed<CallView>

/** The call's place in one word or two, such as `hold` or `bridged.talking`. */
export const placeOf = ({ state, bridge }: CallState): string => (bridge ? `${state}.${bridge}` : state)

/** A snapshot in the words that adapters, the relay and people use. */
export const viewOf = ({ machines }: CallSnapshot): CallState => callState(machines as MachineStates)

/**
 * A call that was saved by a chart that is not known here, in the words of that chart: machines that have today's names are likely to
 * say today's words.
 */
export function savedView({ value, context }: SavedState): CallState {
  const at = (address: keyof ContextOf) => ({
    value: (Object(value) as Record<string, unknown>)[address],
    context: context[address] as never,
  })
  return callState({
    call: at('call'),
    leg: at('leg'),
    conversation: at('conversation'),
    voice: at('voice'),
    transfer: at('transfer'),
  })
}
