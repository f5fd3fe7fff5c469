import type { EventObject } from 'xstate'
import type { ActorStep, ActorTypes, Address, Impasse, Job } from './actor-store.ts'
import type { Charts } from './charts.ts'
import type { SystemSnapshot } from './machine-system.ts'
import type { SavedSystem } from './saved-system.ts'
import type { TimerEvent } from './timer-id.ts'

/** What asks for jobs: the actor after its step number `seq`. */
type Origin<T extends ActorTypes> = { id: string; view: T['view']; seq: number }

/** All that the host has to know of a kind of actor. Each function is pure. */
export type ActorDefinition<T extends ActorTypes> = {
  /** One word, which names its tables and its deliveries. */
  kind: string
  charts: Charts<T['system']>
  view: (snapshot: SystemSnapshot<T['system']>) => T['view']
  /** The view of a row, whoever has saved it and whether it can be read or not. */
  viewOfRow: (row: T['row']) => T['view']
  /** The view in a word or two, as the log of events has it. */
  placeOf: (view: T['view']) => string
  /**
   * The event as it is about the part of the actor that it was addressed to; null where it says something else, and nothing is to come
   * of it.
   */
  addressed?: (
    event: T['event'] | TimerEvent,
    address: Address<T>,
    row: T['row'],
  ) => T['event'] | TimerEvent | null
  /** An event as the chart of today names it, where another release has named it otherwise. */
  eventToday?: (event: EventObject) => EventObject
  /** What is saved, where that is more than the machines themselves. */
  save?: (saved: SavedSystem, view: T['view']) => object
  /** What is written into the row's columns: all that SQL may know of the state. */
  project: (step: Projected<T>) => T['columns']
  /** The jobs of a step's effects, in order. */
  jobs: (effects: T['effect'][], origin: Origin<T>) => Job[]
  /** How one that cannot go on is ended in writing. */
  retire: (
    row: Pick<T['row'], 'id' | 'snapshot' | 'chartVersion'>,
    event: { type: string },
    why: Impasse,
  ) => Retirement<T>
  /** Whether who says this waits for an answer, and says the same again when there is none. */
  isQuestion: (event: T['event']) => boolean
}

/** `snapshot` is null of one whose state nobody knows. */
export type Projected<T extends ActorTypes> = {
  snapshot: SystemSnapshot<T['system']> | null
  view: T['view']
  end: T['end'] | null
}

export type Retirement<T extends ActorTypes> = Pick<
  ActorStep<T>,
  'stateAfter' | 'snapshot' | 'view' | 'effects'
> & {
  end: T['end']
}
