import { type AnyMachineSnapshot, type EventObject, getNextTransitions } from 'xstate'
import { callSystem } from '../../machines/call/call-system.ts'
import type { CallEffect, CallEvent, CallInput } from '../../machines/call-events.ts'
import { beginSystem, type SystemAction, type SystemStep, stepSystem } from '../actors/machine-system.ts'
import { isTimer, type TimerEvent, timerId } from '../actors/timer-id.ts'
import { effectJobs } from './effect-jobs.ts'
import { readableBefore } from './for-release-before.ts'
import { retire } from './retire.ts'
import { CHART_ID, readSaved, savedOf, type Upgraded } from './saved-call.ts'
import type { CallRow, Step } from './store.ts'
import { type CallSnapshot, placeOf, viewOf } from './view.ts'

/*
 * The chart as a function: state and event in, a step to commit out. XState's pure transition lists the actions without
 * running them, so timers and effects become rows of the same transaction instead of things that a crash forgets.
 */

const NO_TIMERS: Step['timers'] = { set: [], cancel: [], rename: {} }

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
  const said = eventToday(event, upgraded)
  const after = said === null ? unchanged(before) : stepSystem(callSystem, before, said)
  if (after.snapshot === before && !upgraded) return null
  const stateBefore = placeOf(viewOf(before))
  const step = stepTo(after, { callId: row.id, seq: row.lastSeq + 1, event: said ?? event, stateBefore })
  return upgraded && !step.end ? withTimersOf(after.snapshot, step, upgraded) : step
}

const unchanged = (snapshot: CallSnapshot): CallStep => ({ snapshot, actions: [], delivered: [] })

/** A timer that an older chart has set may be called otherwise now; null for one of a state that is no more. */
function eventToday(event: EventObject, upgraded: Upgraded | null): EventObject | null {
  if (!upgraded || !isTimer(event) || !Object.hasOwn(upgraded.timers, event.type)) return event
  const type = upgraded.timers[event.type]
  return type ? { type } : null
}

/** Timers that the older chart did not have begin with the upgrade; those that it had go on. */
function withTimersOf(snapshot: CallSnapshot, step: Step, { arms, timers }: Upgraded): Step {
  const armed = new Set(step.timers.set.map((timer) => timer.timerId))
  const missing = Object.entries(snapshot.machines as Record<string, AnyMachineSnapshot>)
    .flatMap(([address, machine]) => delayedIn(address, machine))
    .filter((timer) => arms.includes(timer.delay) && !armed.has(timer.timerId))
    .map((timer) => ({ timerId: timer.timerId, delayMs: timer.delayMs }))
  const rename = Object.fromEntries(Object.entries(timers).flatMap(([from, to]) => (to ? [[from, to]] : [])))
  const gone = Object.keys(timers).filter((from) => timers[from] === null)
  return {
    ...step,
    timers: { set: [...step.timers.set, ...missing], cancel: [...step.timers.cancel, ...gone], rename },
  }
}

function delayedIn(address: string, snapshot: AnyMachineSnapshot) {
  if (snapshot.status !== 'active') return []
  return (getNextTransitions(snapshot) as { eventType: string; delay?: string }[]).flatMap((next) =>
    next.delay === undefined
      ? []
      : [
          {
            delay: next.delay,
            timerId: timerId(address, snapshot.machine.id, next.eventType),
            delayMs: lengthOf(next.delay, snapshot),
          },
        ],
  )
}

function lengthOf(delay: string, { context, machine }: AnyMachineSnapshot): number {
  const length = machine.implementations.delays[delay] as number | ((args: object) => number)
  return typeof length === 'number' ? length : length({ context })
}

type CallStep = SystemStep<typeof callSystem>
type Circumstances = { callId: string; seq: number; event: { type: string }; stateBefore: string }

/** Throws what a machine failed over. */
function stepTo({ snapshot, actions }: CallStep, about: Circumstances): Step {
  if (snapshot.status === 'error') throw snapshot.error
  const effects = effectsOf(actions)
  const view = viewOf(snapshot)
  const isOver = snapshot.status === 'done'
  return {
    event: about.event,
    stateBefore: about.stateBefore,
    stateAfter: placeOf(view),
    snapshot: readableBefore(savedOf(snapshot), view),
    chartVersion: CHART_ID,
    view,
    timers: isOver ? NO_TIMERS : timersIn(actions),
    effects,
    jobs: effectJobs(effects, { callId: about.callId, state: view.state, seq: about.seq }),
    end: isOver ? (snapshot.output ?? null) : null,
  }
}

function effectsOf(actions: SystemAction[]): CallEffect[] {
  return actions
    .filter((action) => !action.type.startsWith('xstate.'))
    .map(({ type, params }) => ({ type, params }) as CallEffect)
}

/** In the order in which the machines armed and cancelled them; the last word on each timer counts. */
function timersIn(actions: SystemAction[]): Step['timers'] {
  const timers = new Map<string, number | null>()
  for (const { type, params } of actions as { type: string; params: TimerParams }[]) {
    if (type === 'xstate.cancel' && params.sendId) timers.set(params.sendId, null)
    if (type === 'xstate.raise' && params.id && params.delay !== undefined) {
      timers.set(params.id, params.delay)
    }
  }
  const entries = [...timers]
  return {
    set: entries.flatMap(([timer, delayMs]) => (delayMs === null ? [] : [{ timerId: timer, delayMs }])),
    cancel: entries.filter(([, delayMs]) => delayMs === null).map(([timer]) => timer),
    rename: {},
  }
}

type TimerParams = { sendId?: string; id?: string; delay?: number }
