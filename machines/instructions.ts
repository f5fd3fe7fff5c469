import type { CallContext } from './call/call-context.ts'
import type { EndReason } from './end-reasons.ts'

/** The place in the chart that a caller, a carrier or a console cares about. */
export const LEG_STATES = [
  'greeting',
  'hold',
  'joining',
  'bridged',
  'departing',
  'rejoining',
  'failed',
  'rejected',
  'closing',
  'ended',
] as const
export type LegState = (typeof LEG_STATES)[number]

/** A call that another chart has saved may be in a state that this one does not have. */
export const isKnownState = (state: string): state is LegState =>
  (LEG_STATES as readonly string[]).includes(state)

/** How far the agent is, within `bridged`. */
export type BridgeState = 'connecting' | 'talking' | 'backingOff' | 'reconnecting'

export type VoiceState = 'cloning' | 'cached' | 'cloned' | 'default'

/** A call's state in words, without anything of XState in it. */
export type CallState = {
  state: LegState
  bridge: BridgeState | null
  voice: VoiceState
  context: CallContext
}

/** A call as it stood after its step number `seq`: of two views of one call, the greater is the newer. */
export type CallView = CallState & { seq: number }

/** What a leg is to do next, in order. Adapters translate these to TwiML or to FreeSWITCH commands, and decide nothing. */
export type LegInstruction =
  | { do: 'play-greeting' }
  | { do: 'hold'; round: number }
  | { do: 'poll' }
  | { do: 'connect-media'; bridgeNumber: number }
  | { do: 'say'; message: 'apology' | 'busy' }
  | { do: 'hang-up' }

/** What the media session of this bridge is to do now. */
export type MediaInstruction =
  | 'connect-agent'
  /** Leave the agent that was lost, and let the caller hear that the line lives. */
  | 'await-agent'
  | 'relay'
  | 'finish-playing'
  | 'close'

/** What the caller should hear now: a pure function of the state, so a webhook delivered twice is answered alike. */
export function legInstructions({ state, voice, context }: CallState): LegInstruction[] {
  switch (state) {
    case 'greeting':
      return voice === 'cloning'
        ? [{ do: 'play-greeting' }, { do: 'hold', round: 0 }, { do: 'poll' }]
        : [{ do: 'play-greeting' }, { do: 'poll' }]
    case 'hold':
      return [{ do: 'hold', round: context.holdRound }, { do: 'poll' }]
    case 'joining':
    case 'bridged':
    case 'departing':
    case 'rejoining':
      return [{ do: 'connect-media', bridgeNumber: context.bridgeNumber }]
    case 'failed':
      return [{ do: 'say', message: 'apology' }, { do: 'hang-up' }]
    case 'rejected':
      return [{ do: 'say', message: 'busy' }, { do: 'hang-up' }]
    case 'closing':
    case 'ended':
      return [{ do: 'hang-up' }]
  }
}

/** The same of a call that another chart may lead: in a state without a name here, its caller waits and the leg asks again. */
export function nextInstructions(view: CallState): LegInstruction[] {
  const { state, context } = view
  return isKnownState(state)
    ? legInstructions(view)
    : [{ do: 'hold', round: context.holdRound }, { do: 'poll' }]
}

const MEDIA_OF_BRIDGE: Record<BridgeState, MediaInstruction> = {
  connecting: 'connect-agent',
  talking: 'relay',
  backingOff: 'await-agent',
  reconnecting: 'connect-agent',
}

/** What a relay session is to do now; a session of an earlier bridge has nothing left to do. */
export function mediaInstruction(
  { state, bridge, context }: CallState,
  bridgeNumber: number,
): MediaInstruction {
  if (bridgeNumber !== context.bridgeNumber) return 'close'
  if (state === 'bridged') return MEDIA_OF_BRIDGE[bridge ?? 'connecting']
  if (state === 'closing' && context.endReason === ('agent_ended' satisfies EndReason))
    return 'finish-playing'
  return 'close'
}

/** What the process that holds the leg is to do now about this transfer. */
export type TransferInstruction =
  | 'call-party'
  /** The party has answered and takes the caller's place. */
  | 'replace-caller'
  | 'give-up'

export function transferInstruction({ context }: CallState, transferNumber: number): TransferInstruction {
  if (transferNumber === 0 || transferNumber !== context.transferNumber) return 'give-up'
  if (context.transferOutcome === null) return 'call-party'
  return context.transferOutcome === 'completed' ? 'replace-caller' : 'give-up'
}
