import type { SnapshotFrom } from 'xstate'
import type { callMachine } from '../../machines/call.machine.ts'
import type { BridgeState, CallView, LegState, VoiceState } from '../../machines/instructions.ts'

export type CallSnapshot = SnapshotFrom<typeof callMachine>

/** The leg's place in the chart as a path, such as `hold` or `bridged.talking`. */
export function legPath({ value }: CallSnapshot): string {
  if (typeof value === 'string') return value
  const leg = value.live?.leg
  return typeof leg === 'object' ? `bridged.${leg.bridged}` : `${leg}`
}

/** A snapshot in the words that adapters, the relay and people use. */
export function viewOf(snapshot: CallSnapshot): CallView {
  const [state, bridge] = legPath(snapshot).split('.')
  return {
    state: state as LegState,
    bridge: (bridge as BridgeState | undefined) ?? null,
    voice: voiceState(snapshot),
    context: snapshot.context,
  }
}

function voiceState({ value, context }: CallSnapshot): VoiceState {
  const voice = typeof value === 'string' ? undefined : value.live?.voice
  if (typeof voice === 'object') return voice.settled as VoiceState
  return voice === 'cloning' ? 'cloning' : lastVoice(context)
}

/** An ended call has left its voice region; what it spoke with tells where that stood. */
export function lastVoice({ voice, voiceId }: CallView['context']): VoiceState {
  if (voice.kind === 'cached') return 'cached'
  return voice.kind === 'clone' && voiceId !== null && voiceId !== voice.fallbackVoiceId
    ? 'cloned'
    : 'default'
}
