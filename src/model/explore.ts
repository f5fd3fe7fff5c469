import type { EventObject } from 'xstate'
import {
  beginSystem,
  type Delivery,
  type MachineSystem,
  type SystemAction,
  type SystemSnapshot,
  type SystemStep,
  stepSystem,
} from '../actors/machine-system.ts'
import { timersIn } from './timers.ts'

/*
 * Every state that a chart can come to, and everything that can happen in each: what the checks reason about.
 */

/** A chart, and what of the world around it has to be known to walk through it. */
export type ChartModel<Snapshot extends SystemSnapshot = SystemSnapshot> = {
  system: MachineSystem
  /** The ways in which an actor can begin, by name. */
  inputs: Readonly<Record<string, unknown>>
  /** What the world could say in this state. */
  outside: (snapshot: Snapshot) => EventObject[]
  /** What tells two states apart; without it a counter would make states without end. */
  identity: (snapshot: Snapshot) => string
  /** True when nobody said what the world says: every event then comes without what it may carry. */
  guessesEvents?: boolean
  /** What the ledger of ignored events calls a state and an event. */
  rowName: (snapshot: Snapshot) => string
  columnName: (event: EventObject) => string
  /** The paths of the states that may last as long as the actor itself; null where nobody says. */
  lasting: readonly string[] | null
  /** What the caller hears in a state; null where there is no caller. */
  hears: ((snapshot: Snapshot) => Hearing) | null
  /** The addresses of machines that have no part in what the caller hears; none by default. */
  beside?: readonly string[]
  /** What could be said in this state about somebody else; left out where events are about nobody in particular. */
  strangers?: (snapshot: Snapshot) => EventObject[]
}

/** A line that is hung up has nobody on it; `not said` where nobody has written what a leg is told there. */
export type Hearing = 'sound' | 'nothing' | 'nothing, until the carrier answers' | 'hung up' | 'not said'

/** One thing that can happen in one state, and what comes of it. */
export type Edge<Snapshot extends SystemSnapshot = SystemSnapshot> = {
  from: Snapshot
  event: EventObject
  snapshot: Snapshot
  actions: readonly SystemAction[]
  /** What was said to each machine, in order. */
  delivered: readonly Delivery[]
}

export type Explored<Snapshot extends SystemSnapshot = SystemSnapshot> = {
  start: Pick<Edge<Snapshot>, 'snapshot' | 'actions' | 'delivered'>
  states: Snapshot[]
  /** What changes something or asks for something. */
  edges: Edge<Snapshot>[]
  /** What is said to no effect. */
  ignored: Pick<Edge<Snapshot>, 'from' | 'event' | 'delivered'>[]
  /** What the chart itself fails over: a guard that is not there, an action that throws. */
  failed: { from: Snapshot; event: EventObject; message: string }[]
}

/** Calls have about a thousand states; a chart with so many more tells states apart that are alike. */
const MAX_STATES = 20_000

/** The search would not come to an end, or not soon. */
export class TooManyStates extends Error {
  override readonly name = 'TooManyStates'
}

const tooMany = () =>
  new TooManyStates(
    `The chart has more than ${MAX_STATES} states with what it remembers: export \`identity\` beside the machine, a function that tells two states apart and leaves out what only counts.`,
  )

/** Throws TooManyStates when `identity` tells apart more states than can be looked at. */
export function explore<Snapshot extends SystemSnapshot>(
  { system, outside, identity }: ChartModel<Snapshot>,
  input: unknown,
): Explored<Snapshot> {
  const first = beginSystem(system, input)
  const start = { ...first, snapshot: first.snapshot as Snapshot }
  const known = new Set([identity(start.snapshot)])
  const explored: Explored<Snapshot> = { start, states: [start.snapshot], edges: [], ignored: [], failed: [] }
  for (const from of explored.states) {
    for (const event of eventsOf(from, outside)) {
      const outcome = stepOrFailure(system, from, event)
      if (typeof outcome === 'string') {
        explored.failed.push({ from, event, message: outcome })
        continue
      }
      const snapshot = outcome.snapshot as Snapshot
      if (snapshot === from) {
        explored.ignored.push({ from, event, delivered: outcome.delivered })
        continue
      }
      explored.edges.push({ ...outcome, from, event, snapshot })
      const id = identity(snapshot)
      if (known.has(id)) continue
      if (known.size >= MAX_STATES) throw tooMany()
      known.add(id)
      explored.states.push(snapshot)
    }
  }
  return explored
}

/** The next state and what it asks for, or in what words the chart failed. */
function stepOrFailure(system: MachineSystem, from: SystemSnapshot, event: EventObject): SystemStep | string {
  try {
    const step = stepSystem(system, from, event)
    return step.snapshot.status === 'error' ? (step.snapshot.error as Error).message : step
  } catch (error) {
    return (error as Error).message
  }
}

/** Everything that could happen in this state. */
export function eventsOf<Snapshot extends SystemSnapshot>(
  snapshot: Snapshot,
  outside: ChartModel<Snapshot>['outside'],
): EventObject[] {
  return snapshot.status === 'active' ? [...outside(snapshot), ...timersIn(snapshot)] : []
}
