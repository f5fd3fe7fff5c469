import type { ActorLogic, EventObject } from 'xstate'
import { getShortestPaths } from 'xstate/graph'
import { beginSystem, type MachineSystem, type SystemSnapshot, stepSystem } from '../actors/machine-system.ts'
import { type Walk, walkOfBeginning, walkOfStep } from './chart-walk.ts'
import { type ChartModel, eventsOf, explore } from './explore.ts'

/*
 * The search for paths through a chart: XState finds the shortest and the simple ones, and of many paths the few are taken
 * that together cover all there is to cover.
 */

/** What happens to an actor that began with this input, in order. */
export type Path = { inputName: string; events: EventObject[] }

export type Search<Snapshot extends SystemSnapshot> = {
  inputName: string
  toState?: (snapshot: Snapshot) => boolean
  /** Which events matter; all by default. */
  filterEvents?: (snapshot: Snapshot, event: EventObject) => boolean
}

/** The shortest path to every state that is asked for. */
export function shortestPaths<Snapshot extends SystemSnapshot>(
  model: ChartModel<Snapshot>,
  search: Search<Snapshot>,
): (Path & { state: Snapshot })[] {
  const paths = getShortestPaths(logicOf(model.system), {
    ...search,
    input: model.inputs[search.inputName],
    serializeState: model.identity,
    events: (snapshot: Snapshot) => eventsOf(snapshot, model.outside),
  } as Parameters<typeof getShortestPaths>[1])
  // The first step of XState's paths is its own initial event.
  return paths.map(({ state, steps }) => ({
    inputName: search.inputName,
    events: steps.slice(1).map(({ event }) => event),
    state: state as unknown as Snapshot,
  }))
}

/** XState searches whatever has a beginning and transitions. */
const logicOf = (system: MachineSystem) =>
  ({
    getInitialSnapshot: (_: unknown, input: unknown) => beginSystem(system, input).snapshot,
    transition: (from: SystemSnapshot, event: EventObject) => stepSystem(system, from, event).snapshot,
    // biome-ignore lint/suspicious/noExplicitAny: XState's own type for a logic of which nothing else is known.
  }) as unknown as ActorLogic<any, EventObject>

/** A search that was told neither where to go nor what to leave out looks at no more paths than this. */
const MOST_PATHS = 500_000

/**
 * Every path that comes by no state twice and ends where it was asked to, the shorter ones first, as many as are wanted.
 * XState's getSimplePaths finds all of them before it gives any, and of a call to its end there are millions.
 */
export function* simplePaths<Snapshot extends SystemSnapshot>(
  model: ChartModel<Snapshot>,
  search: Search<Snapshot>,
): Generator<Path> {
  const { inputName, toState = ({ status }) => status === 'done', filterEvents = () => true } = search
  const { start, edges } = explore(model, model.inputs[inputName])
  const next = Map.groupBy(
    edges.filter(({ from, event }) => filterEvents(from, event)),
    ({ from }) => model.identity(from),
  )
  const queue: Going<Snapshot>[] = [
    { state: start.snapshot, at: model.identity(start.snapshot), before: null },
  ]
  for (const path of queue) {
    if (toState(path.state)) {
      yield { inputName, events: eventsOfPath(path) }
      continue
    }
    for (const { event, snapshot } of next.get(path.at) ?? []) {
      const at = model.identity(snapshot)
      if (!comesBy(path, at) && queue.length < MOST_PATHS)
        queue.push({ state: snapshot, at, event, before: path })
    }
  }
}

/** A path as far as it has been gone. */
type Going<Snapshot> = { state: Snapshot; at: string; event?: EventObject; before: Going<Snapshot> | null }

function comesBy<Snapshot>(path: Going<Snapshot>, at: string): boolean {
  for (let place: Going<Snapshot> | null = path; place; place = place.before) if (place.at === at) return true
  return false
}

const eventsOfPath = <Snapshot>({ before, event }: Going<Snapshot>): EventObject[] =>
  before && event ? [...eventsOfPath(before), event] : []

/** Takes, again and again, the path that adds most for its length, until none adds anything. */
export function fewest<Kept extends Path>(paths: Kept[], elementsOf: (path: Kept) => string[]): Kept[] {
  const left = paths.map((path) => ({ path, adds: new Set(elementsOf(path)) }))
  const worth = ({ path, adds }: (typeof left)[number]) => adds.size / (path.events.length + 1)
  const taken: Kept[] = []
  while (left.length > 0) {
    const best = left.reduce((a, b) => (worth(b) > worth(a) ? b : a))
    if (best.adds.size === 0) break
    taken.push(best.path)
    const gained = [...best.adds]
    for (const { adds } of left) for (const element of gained) adds.delete(element)
  }
  return taken
}

/** Says of paths what states and transitions they go through, by their ids; remembers steps, for most paths share theirs. */
export function walker<Snapshot extends SystemSnapshot>(model: ChartModel<Snapshot>) {
  const known = new Map<string, Walked<Snapshot>>()
  const remember = (key: string, walk: () => Walked<Snapshot>) => {
    const found = known.get(key) ?? walk()
    known.set(key, found)
    return found
  }
  const begin = (inputName: string) =>
    remember(inputName, () => {
      const input = model.inputs[inputName]
      const { snapshot } = beginSystem(model.system, input)
      return { snapshot: snapshot as Snapshot, walk: walkOfBeginning(model.system, input) }
    })
  const step = (from: Snapshot, event: EventObject) =>
    remember(`${model.identity(from)} ${JSON.stringify(event)}`, () => {
      const { snapshot } = stepSystem(model.system, from, event)
      return { snapshot: snapshot as Snapshot, walk: walkOfStep(model.system, from, event) }
    })

  /** `also` adds what else a step counts as. */
  return ({ inputName, events }: Path, also: (from: Snapshot, event: EventObject) => string[] = () => []) => {
    let { snapshot, walk } = begin(inputName)
    const elements = [...walk.entered, ...walk.took]
    for (const event of events) {
      elements.push(...also(snapshot, event))
      ;({ snapshot, walk } = step(snapshot, event))
      elements.push(...walk.entered, ...walk.took)
    }
    return elements
  }
}

type Walked<Snapshot> = { snapshot: Snapshot; walk: Walk }
