import { type AnyMachineSnapshot, type EventObject, initialTransition, transition } from 'xstate'
import { getShortestPaths, getSimplePaths } from 'xstate/graph'
import { type Walk, walkOfBeginning, walkOfStep } from './chart-walk.ts'
import { type ChartModel, eventsOf } from './explore.ts'

/*
 * The search for ways through a chart: XState finds the shortest and the simple ones, and of many ways the few are taken
 * that together cover all there is to cover.
 */

/** What happens to an actor that began with this input, in order. */
export type Way = { inputName: string; events: EventObject[] }

export type Search<Snapshot extends AnyMachineSnapshot> = {
  inputName: string
  toState?: (snapshot: Snapshot) => boolean
  /** Which events matter; all by default. */
  filterEvents?: (snapshot: Snapshot, event: EventObject) => boolean
}

/** The shortest way to every state that is asked for. */
export const shortestWays = <Snapshot extends AnyMachineSnapshot>(
  model: ChartModel<Snapshot>,
  search: Search<Snapshot>,
): (Way & { state: Snapshot })[] => waysBy(getShortestPaths, model, search)

/** Every way without a circle to every state that is asked for: their number grows with every turn that they may take. */
export const simpleWays = <Snapshot extends AnyMachineSnapshot>(
  model: ChartModel<Snapshot>,
  search: Search<Snapshot>,
): (Way & { state: Snapshot })[] => waysBy(getSimplePaths, model, search)

type FindPaths = typeof getShortestPaths | typeof getSimplePaths

function waysBy<Snapshot extends AnyMachineSnapshot>(
  findPaths: FindPaths,
  model: ChartModel<Snapshot>,
  { inputName, ...search }: Search<Snapshot>,
): (Way & { state: Snapshot })[] {
  const paths = findPaths(model.machine, {
    ...search,
    input: model.inputs[inputName],
    serializeState: model.identity,
    events: (snapshot: Snapshot) => eventsOf(snapshot, model.outside),
  } as Parameters<FindPaths>[1])
  // The first step of XState's paths is its own initial event.
  return paths.map(({ state, steps }) => ({
    inputName,
    events: steps.slice(1).map(({ event }) => event),
    state: state as Snapshot,
  }))
}

/** Takes, again and again, the way that adds most for its length, until none adds anything. */
export function fewest<Kept extends Way>(ways: Kept[], elementsOf: (way: Kept) => string[]): Kept[] {
  const left = ways.map((way) => ({ way, adds: new Set(elementsOf(way)) }))
  const worth = ({ way, adds }: (typeof left)[number]) => adds.size / (way.events.length + 1)
  const taken: Kept[] = []
  while (left.length > 0) {
    const best = left.reduce((a, b) => (worth(b) > worth(a) ? b : a))
    if (best.adds.size === 0) break
    taken.push(best.way)
    const gained = [...best.adds]
    for (const { adds } of left) for (const element of gained) adds.delete(element)
  }
  return taken
}

/** Says of ways what states and transitions they go through, by their ids; remembers steps, for most ways share theirs. */
export function walker<Snapshot extends AnyMachineSnapshot>(model: ChartModel<Snapshot>) {
  const known = new Map<string, Walked<Snapshot>>()
  const remember = (key: string, walk: () => Walked<Snapshot>) => {
    const found = known.get(key) ?? walk()
    known.set(key, found)
    return found
  }
  const begin = (inputName: string) =>
    remember(inputName, () => {
      const input = model.inputs[inputName]
      const [snapshot] = initialTransition(model.machine, input as never)
      return { snapshot: snapshot as Snapshot, walk: walkOfBeginning(model.machine, input) }
    })
  const step = (from: Snapshot, event: EventObject) =>
    remember(`${model.identity(from)} ${JSON.stringify(event)}`, () => {
      const [snapshot] = transition(model.machine, from, event)
      return { snapshot: snapshot as Snapshot, walk: walkOfStep(model.machine, from, event) }
    })

  /** `also` adds what else a step counts as. */
  return ({ inputName, events }: Way, also: (from: Snapshot, event: EventObject) => string[] = () => []) => {
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
