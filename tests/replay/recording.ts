import type { CallEvent, CallInput } from '../../machines/call-events.ts'
import type { TimerEvent } from '../../src/actors/timer-id.ts'
import { beginCall, stepCall } from '../../src/calls/step.ts'
import type { Step } from '../../src/calls/store.ts'
import { INPUTS } from '../../src/model/call-model.ts'
import type { RecordedCall, RecordedEvent, SavedSnapshot } from '../../src/replay/recorded-call.ts'

const BEGAN = Date.UTC(2026, 0, 5, 12, 0, 0)
export const CALL_ID = '019b0000-0000-7000-8000-00000000abcd'

/** So long after the one before, this was said. */
export type Said = [afterMs: number, event: CallEvent | TimerEvent]

/** A caller whose voice is cloned, who talks with the agent and hangs up. */
export const TALK: Said[] = [
  [2_000, { type: 'leg.instructionsRequested' }],
  [2_000, { type: 'leg.instructionsRequested' }],
  [1_500, { type: 'voice.ready', voiceId: 'vendor-voice-of-ann' }],
  [300, { type: 'media.joined', bridgeNumber: 1, node: 'node-of-ann' }],
  [400, { type: 'agent.ready', bridgeNumber: 1, conversationId: 'talk-of-ann' }],
  [9_000, { type: 'media.lost', bridgeNumber: 1, clean: true }],
  [20, { type: 'leg.ended', status: 'completed', durationSeconds: 15 }],
]

/** The call as the service writes it down. Throws when the chart ignores one of the events. */
export function recorded(said: Said[] = TALK, input: CallInput = INPUTS['voice to clone']): RecordedCall {
  let at = BEGAN
  let step = beginCall(CALL_ID, input)
  const events = [recordedEvent(step, 1, at)]
  for (const [afterMs, event] of said) {
    at += afterMs
    const { snapshot, chartVersion } = step
    const row = { id: CALL_ID, snapshot, chartVersion, lastSeq: events.length, endedAt: null }
    const next = stepCall(row, event)
    if (!next) throw new Error(`${event.type} changes nothing after event ${events.length}.`)
    step = next
    events.push(recordedEvent(step, events.length + 1, at))
  }
  return {
    id: CALL_ID,
    provider: 'twilio',
    direction: 'inbound',
    chartVersion: step.chartVersion,
    events,
    startedAt: new Date(BEGAN).toISOString(),
    endedAt: step.end ? new Date(at).toISOString() : null,
    outcome: step.end?.reason ?? null,
  }
}

function recordedEvent(step: Step, seq: number, at: number): RecordedEvent {
  const { event, stateBefore, stateAfter, effects, chartVersion } = step
  const { value, context, status } = step.snapshot as SavedSnapshot
  const snapshot = { value, context, status }
  return structuredClone({
    seq,
    at: new Date(at).toISOString(),
    event,
    stateBefore,
    stateAfter,
    effects,
    chartVersion,
    snapshot,
  })
}

/** A copy in which one event was written down otherwise, as by another chart. */
export function asIfRecorded(
  call: RecordedCall,
  seq: number,
  change: (event: RecordedEvent) => Partial<RecordedEvent>,
): RecordedCall {
  const events = call.events.map((event) => (event.seq === seq ? { ...event, ...change(event) } : event))
  return { ...call, events }
}
