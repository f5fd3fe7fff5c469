import type { EventObject } from 'xstate'
import { callSystem } from '../../machines/call/call-system.ts'
import { eventToday } from '../../machines/call/from-chart-3.ts'
import type { CallEffect, CallEvent, CallInput } from '../../machines/call-events.ts'
import { effectsOf, timersAwaited, timersOfStep } from '../actors/actor-step.ts'
import { beginSystem, type SystemStep, stepSystem } from '../actors/machine-system.ts'
import { saveSystem } from '../actors/saved-system.ts'
import { isTimer, type TimerEvent } from '../actors/timer-id.ts'
import { effectJobs } from './effect-jobs.ts'
import { readableBefore } from './for-release-before.ts'
import { retire } from './retire.ts'
import { CHART_ID, readSaved, timerToday, type Upgraded } from './saved-call.ts'
import type { CallRow, Step } from './store.ts'
import { type CallSnapshot, placeOf, viewOf } from './view.ts'

/* The call as a function: state and event in, a step to commit out. */

export function beginCall(callId: string, input: CallInput): Step {
  const step = beginSystem(callSystem, input)
  const event = { type: 'call.began', input }
  return stepTo(step, { callId, seq: 1, event, stateBefore: 'none' })
}

/** What a step needs to know of a call. */
export type Steppable = Pick<CallRow, 'id' | 'snapshot' | 'chartVersion' | 'lastSeq' | 'endedAt'>

/** The call was saved by a chart that this process does not know; perhaps another one does. */
export class ForeignCall extends Error {
  readonly callId: string
  readonly chart: string

  constructor({ id, chartVersion }: Pick<Steppable, 'id' | 'chartVersion'>) {
    super(`Call ${id} was saved by chart ${chartVersion}, which this process does not know.`)
    this.callId = id
    this.chart = chartVersion
  }
}

/**
 * Null when the event changes nothing in the state that the call is in. Throws ForeignCall for a call of a chart that is not
 * known here, unless it is `isOrphan`: no living process knows it any more, and it is ended.
 */
export function stepCall(
  row: Steppable,
  event: CallEvent | TimerEvent,
  { isOrphan = false }: { isOrphan?: boolean } = {},
): Step | null {
  if (row.endedAt) return null
  const restored = readSaved(row)
  if (restored.is === 'corrupt') return retire(row, event, 'snapshot_corrupt')
  if (restored.is === 'foreign') {
    if (isOrphan) return retire(row, event, 'chart_retired')
    throw new ForeignCall(row)
  }
  const { snapshot: before, upgraded } = restored
  const said = inTodaysWords(event, row.chartVersion)
  const after = said === null ? unchanged(before) : stepSystem(callSystem, before, said)
  if (after.snapshot === before && !upgraded) return null
  const stateBefore = placeOf(viewOf(before))
  const step = stepTo(after, { callId: row.id, seq: row.lastSeq + 1, event: said ?? event, stateBefore })
  return upgraded && !step.end ? withTimersOf(after.snapshot, step, upgraded) : step
}

const unchanged = (snapshot: CallSnapshot): CallStep => ({ snapshot, actions: [], delivered: [] })

/** A timer that an older chart has set may be called otherwise now; null for one of a state that is no more. */
function inTodaysWords(event: EventObject, chartVersion: string): EventObject | null {
  if (!isTimer(event)) return eventToday(event)
  const type = timerToday(event.type, chartVersion)
  return type === null ? null : { type }
}

/** Timers that the older chart did not have begin with the upgrade; those that it had go on. */
function withTimersOf(snapshot: CallSnapshot, step: Step, { arms, timers }: Upgraded): Step {
  const armed = new Set(step.timers.set.map((timer) => timer.timerId))
  const missing = timersAwaited(snapshot)
    .filter(({ delay, timerId }) => arms.includes(delay) && !armed.has(timerId))
    .map(({ timerId, delayMs }) => ({ timerId, delayMs }))
  const rename = Object.fromEntries(Object.entries(timers).flatMap(([from, to]) => (to ? [[from, to]] : [])))
  const gone = Object.keys(timers).filter((from) => timers[from] === null)
  return {
    ...step,
    timers: { set: [...step.timers.set, ...missing], cancel: [...step.timers.cancel, ...gone], rename },
  }
}

type CallStep = SystemStep<typeof callSystem>
type Circumstances = { callId: string; seq: number; event: { type: string }; stateBefore: string }

/** Throws what a machine failed over. */
function stepTo(step: CallStep, about: Circumstances): Step {
  const { snapshot } = step
  if (snapshot.status === 'error') throw snapshot.error
  const effects = effectsOf(step) as CallEffect[]
  const view = viewOf(snapshot)
  const isOver = snapshot.status === 'done'
  return {
    event: about.event,
    stateBefore: about.stateBefore,
    stateAfter: placeOf(view),
    snapshot: readableBefore(saveSystem(snapshot)),
    chartVersion: CHART_ID,
    view,
    timers: { ...timersOfStep(step), rename: {} },
    effects,
    jobs: effectJobs(effects, { callId: about.callId, state: view.state, seq: about.seq }),
    end: isOver ? (snapshot.output ?? null) : null,
  }
}
