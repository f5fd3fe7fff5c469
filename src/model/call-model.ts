import { callSystem } from '../../machines/call/call-system.ts'
import type { CallEvent, CallInput, CallLimits } from '../../machines/call-events.ts'
import { beginSystem, type SystemStep, stepSystem } from '../actors/machine-system.ts'
import type { TimerEvent } from '../actors/timer-id.ts'
import { type CallSnapshot, placeOf as placeOfView, viewOf } from '../calls/view.ts'
import { allTimers, timersIn } from './timers.ts'

/*
 * The call's chart as its tests and checks see it: driven by pure functions, told in plain words, and explored with the
 * events that the world could send in each state.
 */

export { type CallSnapshot, viewOf }
export type AnyEvent = CallEvent | TimerEvent
export type Step = Pick<SystemStep<typeof callSystem>, 'snapshot' | 'actions'>

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

/** The id of the caller's leg. */
export const LEG = 'leg-1'

export const INPUTS = {
  'default voice': { legId: LEG, admission: 'accepted', voice: VOICES.default, limits: LIMITS },
  'cached voice': { legId: LEG, admission: 'accepted', voice: VOICES.cached, limits: LIMITS },
  'voice to clone': { legId: LEG, admission: 'accepted', voice: VOICES.clone, limits: LIMITS },
  'no capacity': { legId: LEG, admission: 'capacity_full', voice: VOICES.clone, limits: LIMITS },
  draining: { legId: LEG, admission: 'draining', voice: VOICES.cached, limits: LIMITS },
} as const satisfies Record<string, CallInput>

export const begin = (input: CallInput): Step => beginSystem(callSystem, input)

export const feed = (before: CallSnapshot, event: AnyEvent): Step => stepSystem(callSystem, before, event)

/** Where a call rests, such as `bridged.talking`, and its voice, such as `cached`; the voice of a call that is over matters no more. */
export function placeOf(call: CallSnapshot): { leg: string; voice: string | null } {
  const view = viewOf(call)
  return { leg: placeOfView(view), voice: call.status === 'done' ? null : view.voice }
}

/** Every timer that any state of the chart has. */
export const ALL_TIMERS: TimerEvent[] = allTimers(callSystem)

const REFUSED = { type: 'agent.overrideRefused', isGone: false } as const

/** What the world can say, in the words of one who knows which bridge the call is at. */
export function outsideEvents({ machines: { leg, transfer } }: CallSnapshot): CallEvent[] {
  const { bridgeNumber } = leg.context
  const { transferNumber } = transfer.context
  return [
    { type: 'leg.instructionsRequested' },
    { type: 'leg.instructionsRequested', leaves: bridgeNumber },
    { type: 'leg.streamEnded', bridgeNumber },
    { type: 'leg.ended', status: 'completed' },
    { type: 'leg.ended', status: 'canceled' },
    { type: 'leg.ended', status: 'busy' },
    { type: 'leg.ended', status: 'no-answer' },
    { type: 'leg.ended', status: 'failed' },
    { type: 'leg.ended', status: 'media-server-lost' },
    { type: 'leg.ended', status: 'signalling-lost' },
    { type: 'leg.ended', status: 'holder-lost' },
    { type: 'media.joined', bridgeNumber, node: 'node-1' },
    { type: 'media.lost', bridgeNumber, clean: true },
    { type: 'media.lost', bridgeNumber, clean: false },
    { type: 'relay.unresponsive', bridgeNumber },
    { type: 'transfer.requested', transferNumber: transferNumber + 1, to: '+15550142999' },
    { type: 'transfer.refused', to: '+19005550100', status: 403, reason: 'not_allowed' },
    { type: 'transfer.completed', transferNumber },
    { type: 'transfer.failed', transferNumber, status: 486, reason: 'busy' },
    { type: 'agent.ready', bridgeNumber, conversationId: `conversation-${bridgeNumber}` },
    { type: 'agent.lost', bridgeNumber, cause: 'closed' },
    { type: 'agent.ended', bridgeNumber },
    { ...REFUSED, bridgeNumber, override: 'language', voiceId: null },
    { ...REFUSED, bridgeNumber, override: 'voice', voiceId: null },
    { ...REFUSED, bridgeNumber, override: 'voice', voiceId: 'house-voice', isGone: true },
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
 * What distinguishes two states of a call. Guards see the bridgeNumber, the reconnects, whether there was a conversation
 * and whether there is an end reason; they never see the hold round and how often
 * somebody wanted a transfer, which alone could grow without bound.
 */
export function serializeState({ machines }: CallSnapshot): string {
  const { call, leg, conversation, voice, transfer } = machines
  const { agentReconnects, conversationId } = conversation.context
  const values = [call.value, leg.value, conversation.value, voice.value, transfer.value]
  const remembered = [
    leg.context.bridgeNumber,
    agentReconnects,
    conversationId !== null,
    call.context.endReason,
  ]
  return JSON.stringify([...values, ...remembered])
}
