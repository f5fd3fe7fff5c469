import type { EventObject } from 'xstate'
import type { ActorDefinition } from './actor-definition.ts'
import { effectsOf, timersAwaited, timersOfStep } from './actor-step.ts'
import type { ActorRow, ActorStep, ActorTypes, Impasse } from './actor-store.ts'
import type { Upgraded } from './charts.ts'
import { beginSystem, type SystemSnapshot, type SystemStep, stepSystem } from './machine-system.ts'
import { saveSystem } from './saved-system.ts'
import { isTimer, type TimerEvent } from './timer-id.ts'

/* An actor as a function: state and event in, a step to commit out. */

export function beginActor<T extends ActorTypes>(
  definition: ActorDefinition<T>,
  id: string,
  input: object,
): ActorStep<T> {
  const step = beginSystem<T['system']>(definition.charts.system, input)
  const event = { type: `${definition.kind}.began`, input }
  return stepTo(definition, step, { id, seq: 1, event, stateBefore: 'none' })
}

/** What a step needs to know of an actor. */
export type Steppable = Pick<ActorRow, 'id' | 'snapshot' | 'chartVersion' | 'lastSeq' | 'endedAt'>

/** The actor was saved by a chart that this process does not know; perhaps another one does. */
export class ForeignActor extends Error {
  readonly id: string
  readonly chart: string

  constructor(kind: string, { id, chartVersion }: Pick<Steppable, 'id' | 'chartVersion'>) {
    super(`The ${kind} ${id} was saved by chart ${chartVersion}, which this process does not know.`)
    this.id = id
    this.chart = chartVersion
  }
}

/**
 * Null when the event changes nothing in the state that the actor is in. Throws ForeignActor for one of a chart that is not
 * known here, unless it is `isOrphan`: no living process knows it any more, and it is ended.
 */
export function stepActor<T extends ActorTypes>(
  definition: ActorDefinition<T>,
  row: Steppable,
  event: T['event'] | TimerEvent,
  { isOrphan = false }: { isOrphan?: boolean } = {},
): ActorStep<T> | null {
  if (row.endedAt) return null
  const { charts, view, placeOf, kind } = definition
  const restored = charts.read(row)
  if (restored.is === 'corrupt') return retired(definition, row, event, 'corrupt')
  if (restored.is === 'foreign') {
    if (isOrphan) return retired(definition, row, event, 'foreign')
    throw new ForeignActor(kind, row)
  }
  const { snapshot: before, upgraded } = restored
  const said = eventToday(definition, event, row.chartVersion)
  const after = said === null ? unchanged<T>(before) : stepSystem<T['system']>(charts.system, before, said)
  if (after.snapshot === before && !upgraded) return null
  const stateBefore = placeOf(view(before))
  const about = { id: row.id, seq: row.lastSeq + 1, event: said ?? event, stateBefore }
  const step = stepTo(definition, after, about)
  return upgraded && !step.end ? withTimersOf(after.snapshot, step, upgraded) : step
}

const unchanged = <T extends ActorTypes>(snapshot: SystemSnapshot<T['system']>): SystemStep<T['system']> => ({
  snapshot,
  actions: [],
  delivered: [],
})

/** A timer that an older chart has set may be called otherwise now; null for one of a state that is no more. */
function eventToday<T extends ActorTypes>(
  { charts, eventToday: named }: ActorDefinition<T>,
  event: EventObject,
  chartVersion: string,
): EventObject | null {
  if (!isTimer(event)) return named?.(event) ?? event
  const type = charts.timerToday(event.type, chartVersion)
  return type === null ? null : { type }
}

/** Timers that the older chart did not have begin with the upgrade; those that it had go on. */
function withTimersOf<T extends ActorTypes>(
  snapshot: SystemSnapshot<T['system']>,
  step: ActorStep<T>,
  { arms, timers }: Upgraded,
): ActorStep<T> {
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

type Circumstances = { id: string; seq: number; event: { type: string }; stateBefore: string }

/** Throws what a machine failed over. */
function stepTo<T extends ActorTypes>(
  definition: ActorDefinition<T>,
  step: SystemStep<T['system']>,
  { id, seq, event, stateBefore }: Circumstances,
): ActorStep<T> {
  const { snapshot } = step
  if (snapshot.status === 'error') throw snapshot.error
  const effects = effectsOf(step) as T['effect'][]
  const view = definition.view(snapshot)
  const end = snapshot.status === 'done' ? ((snapshot.output ?? {}) as T['end']) : null
  const saved = saveSystem(snapshot)
  return {
    event,
    stateBefore,
    stateAfter: definition.placeOf(view),
    snapshot: definition.save?.(saved, view) ?? saved,
    chartVersion: definition.charts.id,
    view,
    end,
    effects,
    columns: definition.project({ snapshot, view, end }),
    timers: { ...timersOfStep(step), rename: {} },
    impasse: null,
    jobs: definition.jobs(effects, { id, view, seq }),
  }
}

/** An actor that cannot go on, because nobody knows its state, is ended in writing. */
function retired<T extends ActorTypes>(
  definition: ActorDefinition<T>,
  row: Steppable,
  event: { type: string },
  why: Impasse,
): ActorStep<T> {
  const retirement = definition.retire(row as T['row'], event, why)
  const { view, end, effects } = retirement
  return {
    ...retirement,
    event,
    stateBefore: 'unknown',
    columns: definition.project({ snapshot: null, view, end }),
    chartVersion: why === 'corrupt' ? definition.charts.id : row.chartVersion,
    timers: { set: [], cancel: [], rename: {} },
    impasse: why,
    jobs: definition.jobs(effects, { id: row.id, view, seq: row.lastSeq + 1 }),
  }
}
