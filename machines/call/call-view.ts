import type { BridgeState, CallState, LegState, VoiceState } from '../instructions.ts'
import { type ContextOf, joinedContext } from './call-context.ts'

/** Where each machine of a call rests, and what it remembers. */
export type MachineStates = {
  [Address in keyof ContextOf]: { value: unknown; context: ContextOf[Address] }
}

/** Where call and leg rest, for each place that is shown; a leg of a call that is over may be anywhere. */
export const STATES_AT: Readonly<Record<LegState, { call: string; leg: string }>> = {
  greeting: { call: 'greeting', leg: 'answered' },
  hold: { call: 'hold', leg: 'answered' },
  joining: { call: 'bridging', leg: 'opening' },
  bridged: { call: 'bridged', leg: 'streaming' },
  departing: { call: 'bridging', leg: 'awaitingHangup' },
  rejoining: { call: 'bridging', leg: 'awaitingRestream' },
  failed: { call: 'failed', leg: 'closing' },
  rejected: { call: 'rejected', leg: 'closing' },
  closing: { call: 'closing', leg: 'closing' },
  ended: { call: 'ended', leg: 'gone' },
}

/** How far the leg is, while the call is being joined to the relay. */
const BRIDGING: Record<string, LegState> = { awaitingHangup: 'departing', awaitingRestream: 'rejoining' }

/** The machines of a call in the words that adapters, the relay and people use. */
export function callState({ call, leg, conversation, voice, transfer }: MachineStates): CallState {
  const story = String(call.value)
  const state = story === 'bridging' ? (BRIDGING[String(leg.value)] ?? 'joining') : (story as LegState)
  return {
    state,
    bridge: state === 'bridged' ? (innermost(conversation.value) as BridgeState) : null,
    voice: innermost(voice.value) as VoiceState,
    context: joinedContext({
      call: call.context,
      leg: leg.context,
      conversation: conversation.context,
      voice: voice.context,
      transfer: transfer.context,
    }),
  }
}

/** `{ live: { recovering: 'backingOff' } }` rests in backingOff. */
function innermost(value: unknown): string {
  return typeof value === 'string' ? value : innermost(Object.values(Object(value))[0] ?? '')
}
