import type { Sql } from './sql.ts'

export type Statistics = {
  cache: { hits: number; misses: number }
  /** Of clones that were made at the vendor. */
  clone: { count: number; failed: number; meanSeconds: number | null; p95Seconds: number | null }
  calls: { active: number; byOutcome: Record<string, number> }
}

type TallyRow = { name: string; label: string; count: string; totalMs: string }

const TALLIES = `select name, label, sum(count) as count, sum(total_ms) as "totalMs" from tally
  where name in ('clone', 'outcome') group by name, label having sum(count) > 0`

const ACTIVE = 'select count(*)::int as count from call_log where ended_at is null'

/** From the longest down, which is the shorter way to what few are longer than. */
const LONGEST = `select duration_ms as ms from voice_clone_log where result = 'cloned' and duration_ms is not null
  order by duration_ms desc offset ? limit 2`

/** Reads what was counted as it happened: nothing here grows with the number of calls. */
export async function readStatistics(sql: Sql): Promise<Statistics> {
  const [tallies, [active]] = await Promise.all([sql<TallyRow>(TALLIES), sql<{ count: number }>(ACTIVE)])
  const clones = new Map(tallies.filter(({ name }) => name === 'clone').map((row) => [row.label, row]))
  const countOf = (result: string) => Number(clones.get(result)?.count ?? 0)
  const cloned = countOf('cloned')
  const meanMs = cloned > 0 ? Number(clones.get('cloned')?.totalMs) / cloned : null
  const outcomes = tallies.filter(({ name }) => name === 'outcome')
  return {
    cache: { hits: countOf('hit'), misses: countOf('miss') },
    clone: {
      ...{ count: cloned, failed: countOf('failed') },
      meanSeconds: meanMs === null ? null : meanMs / 1000,
      p95Seconds: await quantileOfClones(sql, cloned, 0.95),
    },
    calls: {
      active: active?.count ?? 0,
      byOutcome: Object.fromEntries(outcomes.map(({ label, count }) => [label, Number(count)])),
    },
  }
}

/** As percentile_cont reckons: between the two that lie around it. Null of none. */
async function quantileOfClones(sql: Sql, count: number, share: number): Promise<number | null> {
  if (count === 0) return null
  const place = share * (count - 1)
  const above = Math.ceil(place)
  const [upper, lower = upper] = await sql<{ ms: number }>(LONGEST, [count - 1 - above])
  if (!upper || !lower) return null
  const part = above === place ? 1 : place - Math.floor(place)
  return (lower.ms + part * (upper.ms - lower.ms)) / 1000
}
