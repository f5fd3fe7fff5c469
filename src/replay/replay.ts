import { callSystem } from '../../machines/call/call-system.ts'
import { effectToday, eventToday } from '../../machines/call/from-chart-3.ts'
import type { CallEvent } from '../../machines/call-events.ts'
import { isTimer } from '../actors/timer-id.ts'
import { callCharts } from '../calls/saved-call.ts'
import { beginCall, stepCall } from '../calls/step.ts'
import type { Step } from '../calls/store.ts'
import { type Walk, walkOfBeginning, walkOfStep } from '../model/chart-walk.ts'
import type { Difference } from './difference.ts'
import { differencesBetween } from './differences.ts'
import {
  inputOf,
  type RecordedCall,
  type RecordedEvent,
  requireUnbroken,
  UnreplayableCall,
} from './recorded-call.ts'
import { type Reproduced, reproducedBy, type Timers, timersAfter } from './reproduced.ts'
import type { Running } from './timing.ts'

/*
 * Steps a recorded call through the chart of today, with the very functions that the service steps it with, and says
 * where the chart no longer does what it did.
 */

export type ReplayedStep = {
  seq: number
  at: string
  type: string
  event: RecordedEvent['event']
  recorded: Pick<RecordedEvent, 'stateBefore' | 'stateAfter' | 'effects' | 'snapshot' | 'chartVersion'>
  /** What the chart of today makes of it, going on from what it made of the step before. */
  reproduced: Reproduced
  differences: Difference[]
} & Walk

export type Replay = {
  call: Omit<RecordedCall, 'events'>
  /** Of the chart of today. */
  chartVersion: string
  steps: ReplayedStep[]
  /** The place in `steps` of the first that has differences; all after it only follow from it. Null when there is none. */
  firstDifference: number | null
}

/** Throws UnreplayableCall when the record is incomplete or the chart of today cannot begin with its input. */
export function replay(recorded: RecordedCall): Replay {
  requireUnbroken(recorded)
  const { events, ...call } = recorded
  const steps: ReplayedStep[] = []
  let now = begin(recorded)
  for (const event of events) {
    const today = inTodaysWords(event, recorded.id)
    const next = now.seq === 0 ? now : step(now, today)
    now = { ...next, seq: event.seq }
    steps.push({ ...replayedStep(today, next), event: event.event })
  }
  const first = steps.findIndex(({ differences }) => differences.length > 0)
  return { call, chartVersion: callCharts.id, steps, firstDifference: first < 0 ? null : first }
}

/** What an older chart was told and asked for may be called otherwise now. */
function inTodaysWords(recorded: RecordedEvent, callId: string): RecordedEvent {
  const { event, chartVersion, effects } = recorded
  const timer =
    isTimer(event) && chartVersion !== null ? callCharts.timerToday(event.type, chartVersion) : null
  return {
    ...recorded,
    event: timer === null ? eventToday(event) : { ...event, type: timer },
    effects: effects.map((effect) => effectToday(effect, callId)),
  }
}

/** Where the chart of today stands, and how the last event brought it there. */
type Standing = {
  callId: string
  seq: number
  step: Step
  /** When that step was made. */
  at: Date
  timers: Timers
  walk: Walk
  /** False when the event changed nothing; a text when the chart failed over it. */
  handled: boolean | string
  /** Before the last event. */
  running: Running
}

function begin(recorded: RecordedCall): Standing {
  const input = inputOf(recorded)
  const at = new Date(recorded.events[0]?.at ?? recorded.startedAt)
  try {
    const step = beginCall(recorded.id, input)
    return {
      callId: recorded.id,
      seq: 0,
      step,
      at,
      timers: timersAfter(new Map(), step, at),
      walk: walkOfBeginning(callSystem, input),
      handled: true,
      running: { timers: new Map(), since: at },
    }
  } catch (error) {
    const why = (error as Error).message
    throw new UnreplayableCall(
      `The chart of today cannot begin call ${recorded.id} with the input that was recorded: ${why}`,
      { cause: error },
    )
  }
}

function step(before: Standing, { event, seq, ...recorded }: RecordedEvent): Standing {
  const { callId, timers } = before
  const { snapshot, chartVersion, end } = before.step
  const at = new Date(recorded.at)
  const isOver = end !== null
  const row = {
    id: callId,
    snapshot,
    chartVersion,
    lastSeq: seq - 1,
    endedAt: isOver ? before.at : null,
  }
  const running = { timers, since: before.at }
  const stays = { ...before, step: { ...before.step, effects: [] }, walk: NOWHERE, running }
  try {
    const now = callCharts.restore(row)
    const next = stepCall(row, event as CallEvent)
    if (!next || !now) return { ...stays, handled: false }
    return {
      callId,
      seq,
      step: next,
      at,
      timers: timersAfter(timers, next, at),
      handled: true,
      running,
      walk: walkOfStep(callSystem, now, event),
    }
  } catch (error) {
    return { ...stays, handled: (error as Error).message }
  }
}

const NOWHERE: Walk = { entered: [], took: [] }

function replayedStep(recorded: RecordedEvent, standing: Standing): ReplayedStep {
  const { callId, step, timers, walk, handled, running } = standing
  const { seq, at, event, stateBefore, stateAfter, effects, snapshot, chartVersion } = recorded
  const reproduced = reproducedBy(step, callId, timers)
  return {
    seq,
    at,
    type: event.type,
    event,
    recorded: { stateBefore, stateAfter, effects, snapshot, chartVersion },
    reproduced,
    ...walk,
    differences: differencesBetween(recorded, { ...reproduced, callId, handled, running }),
  }
}
