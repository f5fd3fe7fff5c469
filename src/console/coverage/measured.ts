/** As `GET /api/v1/machines/call/coverage` tells it. */
export type Coverage = {
  carriers: {
    carrier: string
    at: string
    isOfThisChart: boolean
    paths: number
    /** How often, by id. */
    states: Record<string, number>
    transitions: Record<string, number>
  }[]
}

export type CarrierCoverage = Coverage['carriers'][number]

/** What a chart can show: how often each part of it was gone through. */
export type Measured = Pick<CarrierCoverage, 'states' | 'transitions'>

/** Of each part, how often the carrier that came by it least did so; null where none was measured. */
export function leastOf(carriers: readonly CarrierCoverage[]): Measured | null {
  const [first, ...others] = carriers
  if (!first) return null
  const least = (part: keyof Measured) =>
    Object.fromEntries(
      Object.entries(first[part]).map(([id, count]) => [
        id,
        Math.min(count, ...others.map((other) => other[part][id] ?? 0)),
      ]),
    )
  return { states: least('states'), transitions: least('transitions') }
}

/** How many of all were gone through. */
export function share(counts: Record<string, number>): { gone: number; all: number } {
  const all = Object.values(counts)
  return { gone: all.filter((count) => count > 0).length, all: all.length }
}
