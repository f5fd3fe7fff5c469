import type { Chart, Way } from '../../model/drawn-chart.ts'

/*
 * Where a call is in its chart, and which way it took there: read off its states before and after, as a person would trace
 * it with a finger.
 */

/** States that lead on by themselves are passed at once; more than this in a row is a mistake of the chart's. */
const MOST_PASSED = 6

/** All states that a state value is in, those around them included. */
export function activeStates(chart: Chart, value: unknown): ReadonlySet<string> {
  const active = new Set<string>([chart.root])
  const enter = (id: string, inside: unknown) => {
    const children = chart.nodes.get(id)?.children ?? []
    const entries = typeof inside === 'string' ? [[inside, undefined]] : Object.entries(Object(inside))
    for (const [key, deeper] of entries as [string, unknown][]) {
      const child = children.find((childId) => chart.nodes.get(childId)?.key === key)
      if (child === undefined) continue
      active.add(child)
      enter(child, deeper)
    }
  }
  enter(chart.root, value)
  return active
}

/** A state and all around it. */
export function withAncestors(chart: Chart, ids: Iterable<string>): ReadonlySet<string> {
  const all = new Set<string>()
  for (const id of ids) {
    for (let at: string | null = id; at !== null; at = chart.nodes.get(at)?.parent ?? null) all.add(at)
  }
  return all
}

/** The states without states within, that are active. */
export const leavesOf = (chart: Chart, active: ReadonlySet<string>): string[] =>
  [...active].filter((id) => chart.nodes.get(id)?.children.length === 0)

/** Everything that can happen to a call that is in these states; the innermost first. */
export const waysFrom = (chart: Chart, active: ReadonlySet<string>): Way[] =>
  [...active].reverse().flatMap((id) => chart.nodes.get(id)?.transitions ?? [])

/** Where the chart begins, before anything has led on from there. */
const firstStates = (chart: Chart): ReadonlySet<string> => withAncestors(chart, entered(chart, chart.root))

/** The leaves that are entered with a state. */
function entered(chart: Chart, id: string): string[] {
  const node = chart.nodes.get(id)
  if (!node || node.children.length === 0) return node ? [id] : []
  const inside = node.type === 'parallel' ? node.children : node.initial
  return inside.flatMap((child) => entered(chart, child))
}

/** The ways that an event led along, from the states before to those after. `before` is null when the call began with it. */
export function waysTaken(
  chart: Chart,
  before: ReadonlySet<string> | null,
  after: ReadonlySet<string>,
  eventType: string,
): Way[] {
  if (before === null) {
    return leavesOf(chart, firstStates(chart)).flatMap((leaf) => passage(chart, leaf, after) ?? [])
  }
  const taken: Way[] = []
  const events = [eventType]
  for (let event = events.shift(); event !== undefined; event = events.shift()) {
    for (const way of firstWays(chart, before, after, event)) {
      if (taken.includes(way)) continue
      taken.push(way)
      events.push(...raised(way))
    }
  }
  return taken
}

/** The chain that begins with the innermost state that listens to the event. */
function firstWays(
  chart: Chart,
  before: ReadonlySet<string>,
  after: ReadonlySet<string>,
  event: string,
): Way[] {
  for (const way of waysFrom(chart, before)) {
    if (way.eventType !== event) continue
    const ends = entered(chart, way.target).map((leaf) => passage(chart, leaf, after))
    const end = ends.find((passed) => passed !== null)
    if (end) return [way, ...end]
  }
  return []
}

/** The ways that lead on by themselves from a state until one of `after` is reached; null when none is. */
function passage(chart: Chart, leaf: string, after: ReadonlySet<string>, left = MOST_PASSED): Way[] | null {
  if (after.has(leaf)) return []
  if (left === 0) return null
  for (const way of chart.nodes.get(leaf)?.transitions ?? []) {
    if (way.eventType !== '') continue
    for (const next of entered(chart, way.target)) {
      const rest = passage(chart, next, after, left - 1)
      if (rest) return [way, ...rest]
    }
  }
  return null
}

const raised = ({ actions }: Way): string[] =>
  actions.filter((action) => action.startsWith('raise ')).map((action) => action.slice('raise '.length))
