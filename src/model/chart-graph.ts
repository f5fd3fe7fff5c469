import type { ChartDefinition, ChartState as DefinedState } from '../calls/chart-definition.ts'

/*
 * A chart as two flat lists, states and transitions, each with an id that replay, coverage and drawings share. Pure, and
 * made from the chart's definition alone, so that a browser can make it as well.
 */

export type ChartTransition = DefinedState['transitions'][number] & {
  /** `call.live.leg.hold on leg.asked #1`: one of several for the same event is told by its place among them. */
  id: string
  trigger: 'event' | 'delay' | 'always'
}

export type ChartState = Omit<DefinedState, 'states' | 'transitions' | 'initial'> & {
  /** The keys from the root down; the root itself has none. */
  path: string[]
  parent: string | null
  isInitial: boolean
  /** Left in the step that entered it: something happens at once, whatever the guards say. */
  isPassedThrough: boolean
  /** The names of the delays that it can be left by when nobody says anything. */
  delays: string[]
}

export type ChartGraph = {
  id: string
  version: string | null
  /** Parents before their children. */
  states: ChartState[]
  transitions: ChartTransition[]
}

export function chartGraph(definition: ChartDefinition): ChartGraph {
  const states: ChartState[] = []
  const transitions: ChartTransition[] = []
  const visit = (state: DefinedState, place: Pick<ChartState, 'path' | 'parent' | 'isInitial'>) => {
    const { states: inner, transitions: ways, initial, ...own } = state
    states.push({ ...own, ...place, ...timing(ways) })
    transitions.push(...identified(ways))
    for (const child of Object.values(inner)) {
      const isInitial = state.type === 'parallel' || initial.includes(child.id)
      visit(child, { path: [...place.path, child.key], parent: state.id, isInitial })
    }
  }
  visit(definition, { path: [], parent: null, isInitial: true })
  return { id: definition.id, version: definition.version, states, transitions }
}

/** The name of a state's `place`-th transition, counted from 1, for an event; the event is empty for `always`. */
export const transitionId = (source: string, eventType: string, place: number): string =>
  `${source} on ${eventType || 'nothing'} #${place}`

function timing(ways: DefinedState['transitions']) {
  const isPassedThrough = ways.some(
    ({ eventType, guard, target }) => eventType === '' && guard === null && target.length > 0,
  )
  const delays = ways.flatMap(({ delay }) => (delay === null ? [] : [delay]))
  return { isPassedThrough, delays: [...new Set(delays)] }
}

function identified(ways: DefinedState['transitions']): ChartTransition[] {
  const counts = new Map<string, number>()
  return ways.map((way) => {
    const { source, eventType, delay } = way
    const place = (counts.get(eventType) ?? 0) + 1
    counts.set(eventType, place)
    const trigger = eventType === '' ? 'always' : delay === null ? 'event' : 'delay'
    return { id: transitionId(source, eventType, place), trigger, ...way }
  })
}
