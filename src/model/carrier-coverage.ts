/* What the paths of each carrier went through of a chart, by the ids of its states and transitions. */

export type ChartCoverage = {
  chart: string
  version: string | null
  carriers: CarrierCoverage[]
}

/** How often paths went through each part; 0 for what no path came by. What the carrier never has is not among them. */
export type Counts = { states: Record<string, number>; transitions: Record<string, number> }

export type CarrierCoverage = Counts & {
  carrier: string
  /** ISO 8601. */
  at: string
  /** False when it was measured on a chart that has changed since. */
  isOfThisChart: boolean
  paths: number
  /** The ids of what no call over this carrier can go through. */
  never: string[]
}

/** Of each part, how often the carrier that came by it least did so, of those that have it; null where none was measured. */
export function leastOf(carriers: readonly Counts[]): Counts | null {
  if (carriers.length === 0) return null
  const least = (part: keyof Counts) => {
    const counts: Record<string, number> = {}
    for (const [id, count] of carriers.flatMap((carrier) => Object.entries(carrier[part])))
      counts[id] = Math.min(counts[id] ?? count, count)
    return counts
  }
  return { states: least('states'), transitions: least('transitions') }
}

/** The ids of what no path came by. */
export const missedOf = ({ states, transitions }: Counts): string[] =>
  Object.entries({ ...states, ...transitions }).flatMap(([id, count]) => (count === 0 ? [id] : []))

/** How many of all were gone through. */
export function shareOf(counts: Record<string, number>): { gone: number; all: number } {
  const all = Object.values(counts)
  return { gone: all.filter((count) => count > 0).length, all: all.length }
}
