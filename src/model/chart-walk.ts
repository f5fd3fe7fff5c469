import {
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyTransitionDefinition,
  createActor,
  type EventObject,
  type InspectionEvent,
  SimulatedClock,
} from 'xstate'
import { systemDefinition, transitionId } from '../actors/chart-definition.ts'
import {
  beginSystem,
  type Delivery,
  type MachineSystem,
  machineAt,
  type SystemSnapshot,
  stepSystem,
} from '../actors/machine-system.ts'
import { type ChartGraph, chartGraph } from './chart-graph.ts'

/*
 * Which states a step enters and which transitions it takes. XState's pure functions do not tell, its inspection does:
 * the step is taken by an ordinary actor that lives no longer than that.
 */

/** What one step goes through, by the ids of the chart's definition; states that are left at once are among those entered. */
export type Walk = { entered: string[]; took: string[] }

/** What a new actor goes through before anything happens to it. */
export function walkOfBeginning(system: MachineSystem, input: unknown): Walk {
  const { entered, took } = walkOf(system, beginSystem(system, input).delivered)
  // What holds several machines together is there as soon as they are.
  return { entered: [...new Set([system.id, ...entered])], took }
}

/** What one event takes an actor through. */
export const walkOfStep = (system: MachineSystem, from: SystemSnapshot, event: EventObject): Walk =>
  walkOf(system, stepSystem(system, from, event).delivered)

function walkOf(system: MachineSystem, delivered: Delivery[]): Walk {
  const walks = delivered
    .filter(({ isHeard }) => isHeard)
    .map((delivery) => walkOfDelivery(machineAt(system, delivery.to), delivery))
  const all = (part: keyof Walk) => [...new Set(walks.flatMap((walk) => walk[part]))]
  return { entered: all('entered'), took: all('took') }
}

function walkOfDelivery(machine: AnyStateMachine, { event, before }: Delivery): Walk {
  const { walk, inspect } = inspection()
  const { input } = event as { input?: unknown }
  const begins =
    before === null ? { input } : { input: before.context, snapshot: machine.getPersistedSnapshot(before) }
  const actor = createActor(machine, { ...begins, clock: new SimulatedClock(), inspect })
  actor.start()
  if (before !== null) actor.send(event)
  actor.stop()
  return walkSince(walk, before === null ? new Set() : activeIn(before))
}

/** The ids of the states that an actor is in, parents before their children, one machine after the other. */
export const activeStates = ({ machines }: SystemSnapshot): string[] =>
  Object.values(machines).flatMap(({ _nodes }: AnyMachineSnapshot) =>
    _nodes.toSorted((a, b) => a.order - b.order).map(({ id }) => id),
  )

/** The states in which an actor rests, by their ids: `call.hold + leg.answered`. Those of its only machine are told by their paths. */
export function placesOf({ machines }: SystemSnapshot): string {
  const parts: AnyMachineSnapshot[] = Object.values(machines)
  const resting = parts.flatMap(({ _nodes }) =>
    _nodes.filter(({ type }) => type === 'atomic' || type === 'final'),
  )
  return resting.map(({ id, path }) => (parts.length === 1 ? path.join('.') : id)).join(' + ')
}

export const graphOf = (system: MachineSystem): ChartGraph =>
  chartGraph(systemDefinition(system), machineAt(system, system.main).id)

type Seen = { active: Set<string>; left: Set<string>; took: Set<string> }

function inspection(): { walk: Seen; inspect: (event: InspectionEvent) => void } {
  const walk: Seen = { active: new Set(), left: new Set(), took: new Set() }
  const inspect = (inspected: InspectionEvent) => {
    if (inspected.type !== '@xstate.microstep') return
    for (const transition of inspected._transitions) {
      walk.took.add(idOf(transition))
      // Of the states that are left at once, only the transition out of them is seen.
      walk.left.add(transition.source.id)
    }
    for (const id of activeIn(inspected.snapshot as AnyMachineSnapshot)) walk.active.add(id)
  }
  return { walk, inspect }
}

function idOf(transition: AnyTransitionDefinition): string {
  const { source, eventType } = transition
  const siblings = eventType === '' ? source.always : source.transitions.get(eventType)
  return transitionId(source.id, eventType, (siblings ?? []).indexOf(transition) + 1)
}

const activeIn = ({ _nodes }: AnyMachineSnapshot) => new Set(_nodes.map(({ id }) => id))

function walkSince({ active, left, took }: Seen, before: Set<string>): Walk {
  const seen = new Set([...active, ...left])
  return { entered: [...seen].filter((id) => !before.has(id)), took: [...took] }
}
