import type { SnapshotFrom } from 'xstate'
import type { callMachine } from '../../machines/call.machine.ts'
import type { BridgeState, CallState, LegState, VoiceState } from '../../machines/instructions.ts'

export type CallSnapshot = SnapshotFrom<typeof callMachine>

/** The leg's place in the chart in one word or two, such as `hold` or `bridged.talking`, however deep it lies. */
export const legPath = ({ value }: Pick<CallSnapshot, 'value'>): string => placeIn(value)

function placeIn(value: unknown): string {
  if (typeof value === 'string') return value
  const leg = Object(Object(value).live).leg as unknown
  const keys: string[] = []
  for (let at = leg; at !== undefined; at = typeof at === 'string' ? undefined : Object.values(Object(at))[0])
    keys.push(typeof at === 'string' ? at : (Object.keys(Object(at))[0] ?? ''))
  const [state = '', ...within] = keys
  return within.length > 0 ? `${state}.${within.at(-1)}` : state
}

/** A call that was saved by a chart that is not known here, in the words of that chart. */
export function savedView(saved: object): CallState {
  const { value, context } = saved as CallSnapshot
  const [state, bridge] = placeIn(value).split('.')
  const words = context as CallState['context']
  return {
    state: state as LegState,
    bridge: (bridge as BridgeState | undefined) ?? null,
    voice: voiceState({ value, context } as CallSnapshot),
    context: words,
  }
}

/** A snapshot in the words that adapters, the relay and people use. */
export function viewOf(snapshot: CallSnapshot): CallState {
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
export function lastVoice({ voice, voiceId }: CallState['context']): VoiceState {
  if (voice.kind === 'cached') return 'cached'
  return voice.kind === 'clone' && voiceId !== null && voiceId !== voice.fallbackVoiceId
    ? 'cloned'
    : 'default'
}
