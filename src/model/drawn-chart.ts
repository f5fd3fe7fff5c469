import type { ChartState, ChartTransition } from '../actors/chart-definition.ts'

/*
 * A statechart made into what is drawn, in the console and in files: states within states, and one line for all the ways
 * from one state to another. Pure, and made from the chart's definition alone, for it runs in browsers too.
 */

export type ChartNode = Omit<ChartState, 'states' | 'transitions'> & {
  parent: string | null
  children: string[]
  /** The keys from the root's child down, as `live.leg.hold`. */
  path: string
  transitions: Way[]
  /** What happens there without leaving it. */
  staying: Omit<ChartTransition, 'target'>[]
}

/** One transition to one target. */
export type Way = Omit<ChartTransition, 'target'> & { target: string; edge: string }

/** All ways from one state to another; they share a line. */
export type Edge = { id: string; source: string; target: string; ways: Way[] }

export type Chart = { root: string; nodes: ReadonlyMap<string, ChartNode>; edges: readonly Edge[] }

export function chartOf(definition: ChartState): Chart {
  const nodes = new Map<string, ChartNode>()
  const edges = new Map<string, Edge>()
  const visit = ({ states, transitions, ...state }: ChartState, parent: string | null, path: string) => {
    const ways = waysOf(transitions)
    const children = Object.values(states)
    const staying = transitions.filter(({ target }) => target.length === 0)
    nodes.set(state.id, {
      ...state,
      parent,
      path,
      children: children.map(({ id }) => id),
      transitions: ways,
      staying,
    })
    for (const way of ways) {
      const edge = edges.get(way.edge) ?? { id: way.edge, source: way.source, target: way.target, ways: [] }
      edge.ways.push(way)
      edges.set(way.edge, edge)
    }
    for (const child of children) visit(child, state.id, path ? `${path}.${child.key}` : child.key)
  }
  visit(definition, null, '')
  return { root: definition.id, nodes, edges: [...edges.values()] }
}

const waysOf = (transitions: readonly ChartTransition[]): Way[] =>
  transitions.flatMap(({ target, ...way }) =>
    target.map((to) => ({ ...way, target: to, edge: `${way.source}>${to}` })),
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

/** What makes this way be taken, in a few words: an event, a time, or nothing but a condition. */
export function triggerWords({ eventType, delay, delayMs }: Way): string {
  if (delay === null) return eventType
  return delayMs === null ? `after ${delay}` : `after ${delayMs / 1000} s`
}

/** The words on an edge, one line for each way; a condition only where nothing else leads along it. */
export function edgeWords({ nodes }: Chart, { ways }: Edge): string[] {
  const words = ways.map((way) => {
    if (way.eventType) return triggerWords(way)
    if (way.guard) return `[${way.guard}]`
    const siblings = nodes.get(way.source)?.transitions.filter(({ eventType }) => eventType === '')
    return (siblings?.length ?? 0) > 1 ? '[else]' : ''
  })
  return [...new Set(words)].filter((line) => line !== '')
}
