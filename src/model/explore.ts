import {
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type EventObject,
  initialTransition,
  transition,
} from 'xstate'
import { type TimerEvent, timersIn } from './timers.ts'

/*
 * Every state that a chart can come to, and everything that can happen in each: what the checks reason about.
 */

/** A chart, and what of the world around it has to be known to walk through it. */
export type ChartModel<Snapshot extends AnyMachineSnapshot = AnyMachineSnapshot> = {
  machine: AnyStateMachine
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
}

/** A line that is hung up has nobody on it; `not said` where nobody has written what a leg is told there. */
export type Hearing = 'sound' | 'nothing' | 'nothing, until the carrier answers' | 'hung up' | 'not said'

/** An action that the chart asks for; XState's own, such as timers, begin with `xstate.`. */
type Action = { type: string; params?: unknown }

/** One thing that can happen in one state, and what comes of it. */
export type Edge<Snapshot extends AnyMachineSnapshot = AnyMachineSnapshot> = {
  from: Snapshot
  event: EventObject
  snapshot: Snapshot
  actions: readonly Action[]
}

export type Explored<Snapshot extends AnyMachineSnapshot = AnyMachineSnapshot> = {
  start: { snapshot: Snapshot; actions: readonly Action[] }
  states: Snapshot[]
  /** What changes something or asks for something. */
  edges: Edge<Snapshot>[]
  /** What is said to no effect. */
  ignored: { from: Snapshot; event: EventObject }[]
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
export function explore<Snapshot extends AnyMachineSnapshot>(
  { machine, outside, identity }: ChartModel<Snapshot>,
  input: unknown,
): Explored<Snapshot> {
  const [first, actions] = initialTransition(machine, input as never)
  const start = { snapshot: first as Snapshot, actions }
  const known = new Set([identity(start.snapshot)])
  const explored: Explored<Snapshot> = { start, states: [start.snapshot], edges: [], ignored: [], failed: [] }
  for (const from of explored.states) {
    for (const event of eventsOf(from, outside)) {
      const stepped = stepOrFailure(machine, from, event)
      if (typeof stepped === 'string') {
        explored.failed.push({ from, event, message: stepped })
        continue
      }
      const [next, asked] = stepped
      const snapshot = next as Snapshot
      if (snapshot === from && asked.length === 0) {
        explored.ignored.push({ from, event })
        continue
      }
      explored.edges.push({ from, event, snapshot, actions: asked })
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
function stepOrFailure(machine: AnyStateMachine, from: AnyMachineSnapshot, event: EventObject) {
  try {
    const [next, asked] = transition(machine, from, event)
    return next.status === 'error' ? (next.error as Error).message : ([next, asked] as const)
  } catch (error) {
    return (error as Error).message
  }
}

/** Everything that could happen in this state. */
export function eventsOf<Snapshot extends AnyMachineSnapshot>(
  snapshot: Snapshot,
  outside: ChartModel<Snapshot>['outside'],
): (EventObject | TimerEvent)[] {
  return snapshot.status === 'active' ? [...outside(snapshot), ...timersIn(snapshot)] : []
}
