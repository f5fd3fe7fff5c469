import type { EventObject } from 'xstate'
import type { TimersOfStep } from './actor-step.ts'
import type { MachineSystem } from './machine-system.ts'

/*
 * What the host of actors needs of whoever keeps them. Each kind of actor has rows of its own; what a step writes beside the row
 * is alike for all.
 */

/** An actor as it is kept. `snapshot` is what its machines go on from, as JSON. */
export type ActorRow = {
  id: string
  snapshot: object
  chartVersion: string
  lastSeq: number
  startedAt: Date
  endedAt: Date | null
}

/** The types of one kind of actor. */
export type ActorTypes = {
  system: MachineSystem
  row: ActorRow
  /** What it is known by besides its id, as columns that are unique together; never where nothing is. */
  key: object
  event: EventObject
  effect: { type: string }
  /** The state in the words that others use. */
  view: object
  /** What queries, triggers and statistics may know of the state. */
  columns: object
  /** The output of one that is over. */
  end: object
}

/** Whom an event is for: by its id, or by its key. */
export type Address<T extends ActorTypes> = string | T['key']

/** A task for whichever node takes it; at least once, and once only for each `key` while it waits. */
export type Job = { task: string; payload: object; key: string; queue: string | null; attempts: number }

/** What one event does to an actor: everything that is committed before anyone is answered. */
export type ActorStep<T extends ActorTypes = ActorTypes> = {
  event: { type: string }
  stateBefore: string
  stateAfter: string
  snapshot: object
  chartVersion: string
  view: T['view']
  columns: T['columns']
  timers: TimersOfStep & {
    /** What timers that an older chart has set are called from now on. */
    rename: Readonly<Record<string, string>>
  }
  effects: T['effect'][]
  jobs: Job[]
  end: T['end'] | null
  /** Why it is ended, where it could not go on. */
  impasse: Impasse | null
}

/** Why an actor cannot go on: no living process knows its chart, or what was saved of it cannot be read. */
export type Impasse = 'foreign' | 'corrupt'

/** How a delivery names itself; the same `eventId` twice is one delivery, and a timer that is due is consumed by its firing. */
export type Delivery = { eventId?: string; timerId?: string }

/** `taken` when the actor has made a step with it, `ignored` when it changed nothing. */
export type EventFate = 'waiting' | 'taken' | 'ignored'

export type TimerAddress = { id: string; timerId: string }

/**
 * The one place where actors of a kind are kept. Each write is atomic: state, event, timers and jobs together or not at all. Its
 * clock alone says when something happened and when a timer is due, for those of the nodes may differ.
 */
export interface ActorStore<T extends ActorTypes> {
  /**
   * `decide` sees the actor as it is now; null from it means that the event changes nothing. It may be called again when another
   * event came first.
   */
  step(
    address: Address<T>,
    delivery: Delivery,
    decide: (row: T['row']) => ActorStep<T> | null,
    nodeId: string,
  ): Promise<{ row: T['row']; step: ActorStep<T> | null; repeated: boolean } | null>
  find(address: Address<T>): Promise<T['row'] | null>
  /** Those of these actors that have made further steps. */
  findAhead(seen: { id: string; seq: number }[]): Promise<string[]>
  /** Has a job done, as a step's are, without a step. */
  enqueue(job: Job): Promise<void>
  /** What became of an event that a job of this key delivers. */
  fateOf(event: { id: string; eventId: string; key: string }): Promise<EventFate>
  /** The longest overdue first. */
  dueTimers(limit: number): Promise<TimerAddress[]>
  /** Sets back a due timer that could not be fired, longer each time; resolves with how often that was. */
  postponeTimer(timer: TimerAddress): Promise<number>
}
