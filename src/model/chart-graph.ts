import { AWAITS_ANSWER } from '../../machines/call/messages.ts'
import type { ChartDefinition, ChartState as DefinedState } from '../actors/chart-definition.ts'

/*
 * A chart as two flat lists, states and transitions, for whoever reasons about it.
 */

export type ChartTransition = DefinedState['transitions'][number] & {
  trigger: 'event' | 'delay' | 'always'
}

export type ChartState = Omit<DefinedState, 'states' | 'transitions' | 'initial'> & {
  /** The keys from the root down; the root itself has none. */
  path: string[]
  parent: string | null
  isInitial: boolean
  /** Left in the step that entered it: something happens at once, whatever the guards say, or another machine answers. */
  isPassedThrough: boolean
  /** The names of the delays that it can be left by when nobody says anything. */
  delays: string[]
}

export type ChartGraph = {
  id: string
  version: string | null
  /** The id of the state whose end is the end of all: the root, or, of several machines, the main one. */
  main: string
  /** Parents before their children. */
  states: ChartState[]
  transitions: ChartTransition[]
}

export function chartGraph(definition: ChartDefinition, main = definition.id): ChartGraph {
  const states: ChartState[] = []
  const transitions: ChartTransition[] = []
  const visit = (state: DefinedState, place: Pick<ChartState, 'path' | 'parent' | 'isInitial'>) => {
    const { states: inner, transitions: leaving, initial, ...own } = state
    states.push({ ...own, ...place, ...timing(leaving, own.tags) })
    transitions.push(...leaving.map((transition) => ({ ...transition, trigger: triggerOf(transition) })))
    for (const child of Object.values(inner)) {
      const isInitial = state.type === 'parallel' || initial.includes(child.id)
      visit(child, { path: [...place.path, child.key], parent: state.id, isInitial })
    }
  }
  visit(definition, { path: [], parent: null, isInitial: true })
  return { id: definition.id, version: definition.version, main, states, transitions }
}

function timing(leaving: DefinedState['transitions'], tags: string[]) {
  const isPassedThrough =
    tags.includes(AWAITS_ANSWER) ||
    leaving.some(({ eventType, guard, target }) => eventType === '' && guard === null && target.length > 0)
  const delays = leaving.flatMap(({ delay }) => (delay === null ? [] : [delay]))
  return { isPassedThrough, delays: [...new Set(delays)] }
}

function triggerOf({ eventType, delay }: DefinedState['transitions'][number]): ChartTransition['trigger'] {
  if (eventType === '') return 'always'
  return delay === null ? 'event' : 'delay'
}

/** A transition's id as people read it: a timer's event names its state a second time. */
export const transitionWords = (id: string): string =>
  id.replace(/ on xstate\.after\.(\w+)\.\S+ /, ' after $1 ')
