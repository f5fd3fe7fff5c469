import {
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyTransitionDefinition,
  createActor,
  type EventObject,
  type InspectionEvent,
  SimulatedClock,
} from 'xstate'
import { chartDefinition, transitionId } from '../calls/chart-definition.ts'
import { type ChartGraph, chartGraph } from './chart-graph.ts'

/*
 * Which states a step enters and which transitions it takes. XState's pure functions do not tell, its inspection does:
 * the step is taken by an ordinary actor that lives no longer than that.
 */

/** What one step goes through, by the ids of the chart's definition; states that are left at once are among those entered. */
export type Walk = { entered: string[]; took: string[] }

/** What a new actor goes through before anything happens to it. */
export function walkOfBeginning(machine: AnyStateMachine, input: unknown): Walk {
  const { walk, inspect } = inspection()
  createActor(machine, { input, clock: new SimulatedClock(), inspect }).start().stop()
  return told(walk, new Set())
}

/** What one event takes an actor through. */
export function walkOfStep(machine: AnyStateMachine, from: AnyMachineSnapshot, event: EventObject): Walk {
  const { walk, inspect } = inspection()
  const snapshot = machine.getPersistedSnapshot(from)
  const actor = createActor(machine, { snapshot, input: from.context, clock: new SimulatedClock(), inspect })
  actor.start()
  actor.send(event)
  actor.stop()
  return told(walk, activeIn(from))
}

/** The ids of the states that an actor is in, parents before their children. */
export const activeStates = (snapshot: AnyMachineSnapshot): string[] =>
  snapshot._nodes.toSorted((a, b) => a.order - b.order).map(({ id }) => id)

/** The states in which an actor rests, one in each region, by their paths: `live.leg.hold + live.voice.cloning`. */
export function placesOf({ _nodes }: AnyMachineSnapshot): string {
  const resting = _nodes.filter(({ type }) => type === 'atomic' || type === 'final')
  return resting.map(({ path }) => path.join('.')).join(' + ')
}

/** Every state and transition of a chart by its id. */
export function chartElements(machine: AnyStateMachine): { states: string[]; transitions: string[] } {
  const { states, transitions } = graphOf(machine)
  return { states: states.map(({ id }) => id), transitions: transitions.map(({ id }) => id) }
}

export const graphOf = (machine: AnyStateMachine): ChartGraph => chartGraph(chartDefinition(machine))

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

function told({ active, left, took }: Seen, before: Set<string>): Walk {
  const seen = new Set([...active, ...left])
  return { entered: [...seen].filter((id) => !before.has(id)), took: [...took] }
}
