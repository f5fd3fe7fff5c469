import type { ChartState, ChartTransition } from '../actors/chart-definition.ts'

/*
 * A statechart made into what is drawn, in the console and in files: states within states, and one line for all the transitions
 * from one state to another. Pure, and made from the chart's definition alone, for it runs in browsers too.
 */

export type ChartNode = Omit<ChartState, 'states' | 'transitions'> & {
  parent: string | null
  children: string[]
  /** The keys from the root's child down, as `live.leg.hold`. */
  path: string
  transitions: DrawnTransition[]
  /** What happens there without leaving it. */
  staying: Omit<ChartTransition, 'target'>[]
}

/** One transition to one target, as a line shows it. */
export type DrawnTransition = Omit<ChartTransition, 'target'> & { target: string; edge: string }

/** All transitions from one state to another; they share a line. */
export type Edge = { id: string; source: string; target: string; transitions: DrawnTransition[] }

export type Chart = { root: string; nodes: ReadonlyMap<string, ChartNode>; edges: readonly Edge[] }

export function chartOf(definition: ChartState): Chart {
  const nodes = new Map<string, ChartNode>()
  const edges = new Map<string, Edge>()
  const visit = ({ states, transitions, ...state }: ChartState, parent: string | null, path: string) => {
    const drawn = drawnTransitions(transitions)
    const children = Object.values(states)
    const staying = transitions.filter(({ target }) => target.length === 0)
    nodes.set(state.id, {
      ...state,
      parent,
      path,
      children: children.map(({ id }) => id),
      transitions: drawn,
      staying,
    })
    for (const transition of drawn) {
      const { edge: id, source, target } = transition
      const edge = edges.get(id) ?? { id, source, target, transitions: [] }
      edge.transitions.push(transition)
      edges.set(id, edge)
    }
    for (const child of children) visit(child, state.id, path ? `${path}.${child.key}` : child.key)
  }
  visit(definition, null, '')
  return { root: definition.id, nodes, edges: [...edges.values()] }
}

const drawnTransitions = (transitions: readonly ChartTransition[]): DrawnTransition[] =>
  transitions.flatMap(({ target, ...transition }) =>
    target.map((to) => ({ ...transition, target: to, edge: `${transition.source}>${to}` })),
  )

/** The state at this end of a path, such as `bridged.talking`; null when the chart has none. */
export function nodeAt(chart: Chart, path: string): ChartNode | null {
  for (const node of chart.nodes.values()) {
    if (node.path === path || node.path.endsWith(`.${path}`)) return node
  }
  return null
}

/** Where everything within a state begins by itself; a region of a parallel state begins with it and needs no mark. */
export const isInitial = ({ nodes }: Chart, { id, parent }: ChartNode): boolean =>
  parent !== null && (nodes.get(parent)?.initial.includes(id) ?? false)

/**
 * Whether a line leads to a state that is written before the one that it comes from. A layout that follows the order of the
 * writing takes such a line the other way round; else it turns the chart to wherever the fewest lines lead back.
 */
export function isBackward({ nodes }: Chart, { source, target }: Edge): boolean {
  const order = [...nodes.keys()]
  return order.indexOf(target) < order.indexOf(source)
}

/** What makes this transition be taken, in a few words: an event, a time, or nothing but a condition. */
export function triggerWords({ eventType, delay, delayMs }: DrawnTransition): string {
  if (delay === null) return eventType
  return delayMs === null ? `after ${delay}` : `after ${delayMs / 1000} s`
}

/** The words on an edge, one line for each transition; a condition only where nothing else leads along it. */
export function edgeWords({ nodes }: Chart, { transitions }: Edge): string[] {
  const words = transitions.map((transition) => {
    if (transition.eventType) return triggerWords(transition)
    if (transition.guard) return `[${transition.guard}]`
    const siblings = nodes.get(transition.source)?.transitions.filter(({ eventType }) => eventType === '')
    return (siblings?.length ?? 0) > 1 ? '[else]' : ''
  })
  return [...new Set(words)].filter((line) => line !== '')
}
