import { type ExecutableActionsFrom, getNextTransitions, initialTransition, transition } from 'xstate'
import { callMachine } from '../../machines/call.machine.ts'
import type { CallEffect, CallEvent, CallInput } from '../../machines/call-events.ts'
import { effectJobs } from './effect-jobs.ts'
import { retire } from './retire.ts'
import { CHART_ID, readSaved } from './saved-call.ts'
import type { CallRow, Step } from './store.ts'
import { type CallSnapshot, legPath, viewOf } from './view.ts'

/*
 * The chart as a function: state and event in, a step to commit out. XState's pure transition lists the actions without
 * running them, so timers and effects become rows of the same transaction instead of things that a crash forgets.
 */

type Action = ExecutableActionsFrom<typeof callMachine>

/** A timer fires as the event that XState would have raised; its id is its type. */
export type TimerEvent = { type: `xstate.after.${string}` }

const NO_TIMERS: Step['timers'] = { set: [], cancel: [] }

export function beginCall(callId: string, input: CallInput): Step {
  const [snapshot, actions] = initialTransition(callMachine, input)
  const event = { type: 'call.began', input }
  return stepTo(snapshot, actions, { callId, seq: 1, event, stateBefore: 'none' })
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
  // A fired timer is XState's own event; the machine's type only lists those that may be sent from outside.
  const [after, actions] = transition(callMachine, before, event as CallEvent)
  if (after === before && !upgraded) return null
  const about = { callId: row.id, seq: row.lastSeq + 1, event, stateBefore: legPath(before) }
  const step = stepTo(after, actions, about)
  return upgraded && !step.end ? withTimersOf(after, step, upgraded) : step
}

/** Timers that the older chart did not have begin with the upgrade; those that it had go on. */
function withTimersOf(
  snapshot: CallSnapshot,
  step: Step,
  { arms, forgets }: { arms: string[]; forgets: string[] },
): Step {
  const armed = new Set(step.timers.set.map(({ timerId }) => timerId))
  const missing = (getNextTransitions(snapshot) as Delayed[]).flatMap(({ eventType, delay }) =>
    delay !== undefined && arms.includes(delay) && !armed.has(eventType)
      ? [{ timerId: eventType, delayMs: lengthOf(delay, snapshot) }]
      : [],
  )
  const timers = { set: [...step.timers.set, ...missing], cancel: [...step.timers.cancel, ...forgets] }
  return { ...step, timers }
}

type Delayed = { eventType: string; delay?: string }

function lengthOf(delay: string, { context }: CallSnapshot): number {
  const length = callMachine.implementations.delays[delay] as number | ((args: object) => number)
  return typeof length === 'number' ? length : length({ context })
}

type Circumstances = { callId: string; seq: number; event: { type: string }; stateBefore: string }

function stepTo(snapshot: CallSnapshot, actions: Action[], about: Circumstances): Step {
  const effects = effectsOf(actions)
  const view = viewOf(snapshot)
  return {
    event: about.event,
    stateBefore: about.stateBefore,
    stateAfter: legPath(snapshot),
    snapshot: callMachine.getPersistedSnapshot?.(snapshot) ?? {},
    chartVersion: CHART_ID,
    view,
    timers: snapshot.status === 'done' ? NO_TIMERS : timersOf(actions),
    effects,
    jobs: effectJobs(effects, { callId: about.callId, state: view.state, seq: about.seq }),
    end: snapshot.status === 'done' ? (snapshot.output ?? null) : null,
  }
}

function effectsOf(actions: Action[]): CallEffect[] {
  return actions
    .filter((action) => !action.type.startsWith('xstate.'))
    .map(({ type, params }) => ({ type, params }) as CallEffect)
}

/** In the order in which the chart armed and cancelled them; the last word on each timer counts. */
function timersOf(actions: Action[]): Step['timers'] {
  const timers = new Map<string, number | null>()
  for (const { type, params } of actions as { type: string; params: TimerParams }[]) {
    if (type === 'xstate.cancel' && params.sendId) timers.set(params.sendId, null)
    if (type === 'xstate.raise' && params.id && params.delay !== undefined) {
      timers.set(params.id, params.delay)
    }
  }
  const entries = [...timers]
  return {
    set: entries.flatMap(([timerId, delayMs]) => (delayMs === null ? [] : [{ timerId, delayMs }])),
    cancel: entries.filter(([, delayMs]) => delayMs === null).map(([timerId]) => timerId),
  }
}

type TimerParams = { sendId?: string; id?: string; delay?: number }
