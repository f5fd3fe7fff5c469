import type { Chart, DrawnTransition } from '../../model/drawn-chart.ts'

/* Where a call is in its chart, and what can happen there. */

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
export const transitionsFrom = (chart: Chart, active: ReadonlySet<string>): DrawnTransition[] =>
  [...active].reverse().flatMap((id) => chart.nodes.get(id)?.transitions ?? [])

/** The leaves that are entered with a state. */
export function entered(chart: Chart, id: string): string[] {
  const node = chart.nodes.get(id)
  if (!node || node.children.length === 0) return node ? [id] : []
  const inside = node.type === 'parallel' ? node.children : node.initial
  return inside.flatMap((child) => entered(chart, child))
}
