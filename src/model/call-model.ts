import {
  type EventFromLogic,
  type ExecutableActionsFrom,
  initialTransition,
  type SnapshotFrom,
  transition,
} from 'xstate'
import { callMachine } from '../../machines/call.machine.ts'
import type { CallEvent, CallInput, CallLimits, InternalEvent } from '../../machines/call-events.ts'
import type { BridgeState, CallState, LegState, VoiceState } from '../../machines/instructions.ts'
import { allTimers, type TimerEvent, timersIn } from './timers.ts'

/*
 * The call's chart as its tests and checks see it: driven by pure functions, told in plain words, and explored with the
 * events that the world could send in each state.
 */

export type CallSnapshot = SnapshotFrom<typeof callMachine>
export type AnyEvent = CallEvent | InternalEvent | TimerEvent
export type Step = { snapshot: CallSnapshot; actions: readonly ExecutableActionsFrom<typeof callMachine>[] }

/** All different, so that a test sees which one a timer took. */
export const LIMITS: CallLimits = {
  cloneMaxWaitMs: 35_000,
  legPatienceMs: 45_000,
  greetingOverdueMs: 16_000,
  roundOverdueMs: 8_000,
  agentConnectMs: 10_000,
  agentRecoveryMs: 11_000,
  agentPausesMs: [500, 1_000, 2_000],
  callMaxMs: 3_600_000,
}

export const VOICES = {
  default: { kind: 'default', voiceId: 'house-voice' },
  cached: { kind: 'cached', voiceId: 'cached-voice', sampleKey: 'sample-1' },
  clone: { kind: 'clone', sampleKey: 'sample-1', fallbackVoiceId: 'house-voice' },
} as const satisfies Record<string, CallInput['voice']>

export const INPUTS = {
  'default voice': { admission: 'accepted', voice: VOICES.default, limits: LIMITS },
  'cached voice': { admission: 'accepted', voice: VOICES.cached, limits: LIMITS },
  'voice to clone': { admission: 'accepted', voice: VOICES.clone, limits: LIMITS },
  'no capacity': { admission: 'capacity_full', voice: VOICES.clone, limits: LIMITS },
  draining: { admission: 'draining', voice: VOICES.cached, limits: LIMITS },
} as const satisfies Record<string, CallInput>

export function begin(input: CallInput): Step {
  const [snapshot, actions] = initialTransition(callMachine, input)
  return { snapshot, actions }
}

export function feed(before: CallSnapshot, event: AnyEvent): Step {
  // XState types the events of its own timers nowhere, though `transition` takes them like any other.
  const [snapshot, actions] = transition(callMachine, before, event as EventFromLogic<typeof callMachine>)
  return { snapshot, actions }
}

/** Where each region rests: `bridged.talking` and `settled.cached`; a call that is over rests in `ended`. */
export function placeOf({ value }: CallSnapshot): { leg: string; voice: string | null } {
  if (typeof value === 'string') return { leg: value, voice: null }
  return { leg: flat(value.live.leg), voice: flat(value.live.voice) }
}

function flat(value: string | object): string {
  if (typeof value === 'string') return value
  const [[key, inner] = []] = Object.entries(value)
  const within = flat(inner)
  // A state within a state within one is told by its own name, as everywhere.
  return key === 'bridged' ? `bridged.${within.split('.').at(-1)}` : `${key}.${within}`
}

/** The call as adapters and people see it; once it has ended its voice is told as `default`. */
export function viewOf(call: CallSnapshot): CallState {
  const { leg, voice } = placeOf(call)
  const [state, bridge = null] = leg.split('.')
  return {
    state: state as LegState,
    bridge: bridge as BridgeState | null,
    voice: (voice?.replace('settled.', '') ?? 'default') as VoiceState,
    context: call.context,
  }
}

/** Every timer that any state of the chart has. */
export const ALL_TIMERS: TimerEvent[] = allTimers(callMachine)

const REFUSED = { type: 'agent.overrideRefused', isGone: false } as const

/** What the world can say, in the words of one who knows which bridge the call is at. */
export function outsideEvents({ context: { attempt } }: CallSnapshot): CallEvent[] {
  return [
    { type: 'leg.asked' },
    { type: 'leg.asked', leaves: attempt },
    { type: 'leg.streamEnded', attempt },
    { type: 'leg.ended', status: 'completed' },
    { type: 'leg.ended', status: 'canceled' },
    { type: 'leg.ended', status: 'busy' },
    { type: 'leg.ended', status: 'no-answer' },
    { type: 'leg.ended', status: 'failed' },
    { type: 'leg.ended', status: 'media-server-lost' },
    { type: 'leg.ended', status: 'signalling-lost' },
    { type: 'leg.ended', status: 'holder-lost' },
    { type: 'media.joined', attempt, node: 'node-1' },
    { type: 'media.lost', attempt, clean: true },
    { type: 'media.lost', attempt, clean: false },
    { type: 'relay.unresponsive', attempt },
    { type: 'agent.ready', attempt, conversationId: `conversation-${attempt}` },
    { type: 'agent.lost', attempt, cause: 'closed' },
    { type: 'agent.ended', attempt },
    { ...REFUSED, attempt, override: 'language', voiceId: null },
    { ...REFUSED, attempt, override: 'voice', voiceId: null },
    { ...REFUSED, attempt, override: 'voice', voiceId: 'house-voice', isGone: true },
    { type: 'voice.ready', voiceId: 'cloned-voice' },
    { type: 'voice.failed', cause: 'rejected' },
    { type: 'operator.hangupRequested', by: 'operator' },
  ]
}

/** Everything that may happen next, and changes something. */
export function eventsIn(snapshot: CallSnapshot): AnyEvent[] {
  if (snapshot.status === 'done') return []
  const possible = [...outsideEvents(snapshot), ...timersIn(snapshot)]
  return possible.filter((event) => feed(snapshot, event).snapshot !== snapshot)
}

/**
 * What distinguishes two states of a call. Guards see the attempt, the reconnects, whether there was a conversation
 * and whether there is an end reason; they never see the hold round, which alone could grow without bound.
 */
export function serializeState({ value, context }: CallSnapshot): string {
  const { attempt, agentReconnects, conversationId, endReason } = context
  return JSON.stringify([value, attempt, agentReconnects, conversationId !== null, endReason])
}
