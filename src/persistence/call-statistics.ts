import { type Kysely, sql } from 'kysely'
import type { Tables } from './tables.ts'

export type Statistics = {
  cache: { hits: number; misses: number }
  /** Of clones that were made at the vendor. */
  clone: { count: number; failed: number; meanSeconds: number | null; p95Seconds: number | null }
  calls: { active: number; byOutcome: Record<string, number> }
}

/** Reads what was counted as it happened: nothing here grows with the number of calls. */
export async function readStatistics(tables: Kysely<Tables>): Promise<Statistics> {
  const [tallies, active] = await Promise.all([readTallies(tables), countActive(tables)])
  const clones = new Map(tallies.filter(({ name }) => name === 'clone').map((row) => [row.label, row]))
  const countOf = (result: string) => Number(clones.get(result)?.count ?? 0)
  const cloned = countOf('cloned')
  const meanMs = cloned > 0 ? Number(clones.get('cloned')?.totalMs) / cloned : null
  const outcomes = tallies.filter(({ name }) => name === 'outcome')
  return {
    cache: { hits: countOf('hit'), misses: countOf('miss') },
    clone: {
      count: cloned,
      failed: countOf('failed'),
      meanSeconds: meanMs === null ? null : meanMs / 1000,
      p95Seconds: await quantileOfClones(tables, cloned, 0.95),
    },
    calls: {
      active,
      byOutcome: Object.fromEntries(outcomes.map(({ label, count }) => [label, Number(count)])),
    },
  }
}

const readTallies = (tables: Kysely<Tables>) =>
  tables
    .selectFrom('tally')
    .select(({ fn }) => ['name', 'label', fn.sum('count').as('count'), fn.sum('total_ms').as('totalMs')])
    .where('name', 'in', ['clone', 'outcome'])
    .groupBy(['name', 'label'])
    .having(({ fn }) => fn.sum('count'), '>', 0)
    .execute()

async function countActive(tables: Kysely<Tables>): Promise<number> {
  const counted = tables
    .selectFrom('call_log')
    .select(sql<number>`count(*)::int`.as('count'))
    .where('ended_at', 'is', null)
  return (await counted.executeTakeFirstOrThrow()).count
}

/** As percentile_cont reckons: between the two that lie around it. Null of none. */
async function quantileOfClones(
  tables: Kysely<Tables>,
  count: number,
  share: number,
): Promise<number | null> {
  if (count === 0) return null
  const place = share * (count - 1)
  const above = Math.ceil(place)
  // From the longest down, which is the shorter way to what few are longer than.
  const [upper, lower = upper] = await tables
    .selectFrom('voice_clone_log')
    .select('duration_ms as ms')
    .where('result', '=', 'cloned')
    .where('duration_ms', 'is not', null)
    .orderBy('duration_ms', 'desc')
    .offset(count - 1 - above)
    .limit(2)
    .execute()
  if (!upper?.ms || !lower?.ms) return null
  const part = above === place ? 1 : place - Math.floor(place)
  return (lower.ms + part * (upper.ms - lower.ms)) / 1000
}
