import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type CallFilter, type CallQueries, createCallQueries } from '../../src/persistence/call-queries.ts'
import { type OpenTestDatabase, openTestDatabase } from '../support/open-database.ts'

let db: OpenTestDatabase
let queries: CallQueries
beforeAll(async () => {
  db = await openTestDatabase()
  queries = createCallQueries(db.database)
})
afterAll(() => db.drop())
beforeEach(() => db.query('truncate call_log, voice_clone_log cascade'))

type Written = { state?: string; outcome?: string; from?: string; provider?: string; startedAt?: string }

async function write(call: Written = {}): Promise<string> {
  const { state = 'ended', outcome = null, from = '+1', provider = 'twilio', startedAt = '2026-01-05' } = call
  const id = randomUUID()
  await db.query(
    `insert into call_log (id, provider, provider_call_id, direction, from_number, to_number, public_origin, media_secret,
       state, voice_state, snapshot, chart_version, last_seq, started_at, ended_at, outcome)
     values ($1::uuid, $2, $1::uuid::text, 'inbound', $3, '+2', 'https://x', 's', $4::text, 'default', '{}', '1', 1, $5,
       case when $4::text = 'ended' then now() end, $6)`,
    [id, provider, from, state, startedAt, outcome],
  )
  return id
}

const clone = (result: string, durationMs: number | null = null) =>
  db.query('insert into voice_clone_log (sample_key, result, duration_ms, at) values ($1, $2, $3, now())', [
    'sample',
    result,
    durationMs,
  ])

describe('the statistics', () => {
  it('are what a count of all calls and clones would say, without counting them', async () => {
    const outcomes = ['caller_hung_up', 'caller_hung_up', 'media_lost']
    const ids = await Promise.all(outcomes.map((outcome) => write({ outcome })))
    const live = await write({ state: 'hold' })
    const durations = [900, 2_000, 3_100, 5_000, 7_300, 9_999, 12_000]
    await Promise.all([
      ...durations.map((ms) => clone('cloned', ms)),
      ...['hit', 'hit', 'hit', 'miss', 'failed', 'expired'].map((result) => clone(result)),
    ])
    const [counted] = await db.query<{ mean: number; p95: number }>(
      `select avg(duration_ms)::float8 as mean,
              percentile_cont(0.95) within group (order by duration_ms) as p95
       from voice_clone_log where result = 'cloned'`,
    )
    const statistics = await queries.statistics()
    expect(statistics).toMatchObject({
      cache: { hits: 3, misses: 1 },
      clone: { count: 7, failed: 1 },
      calls: { active: 1, byOutcome: { caller_hung_up: 2, media_lost: 1 } },
    })
    expect(statistics.clone.meanSeconds).toBeCloseTo((counted?.mean ?? 0) / 1000, 6)
    expect(statistics.clone.p95Seconds).toBeCloseTo((counted?.p95 ?? 0) / 1000, 6)
    await db.query(
      `update call_log set state = 'ended', ended_at = now(), outcome = 'media_lost' where id = $1`,
      [live],
    )
    await db.query('delete from call_log where id = $1', [ids[0]])
    expect((await queries.statistics()).calls).toEqual({
      active: 0,
      byOutcome: { caller_hung_up: 1, media_lost: 2 },
    })
  })

  it('say of nothing that there is nothing', async () => {
    expect(await queries.statistics()).toEqual({
      cache: { hits: 0, misses: 0 },
      clone: { count: 0, failed: 0, meanSeconds: null, p95Seconds: null },
      calls: { active: 0, byOutcome: {} },
    })
  })
})

describe('the count of calls that take a place', () => {
  it('follows every change, whoever makes it, and leaves out who was turned away', async () => {
    const [first] = await Promise.all([write({ state: 'hold' }), write({ state: 'bridged' }), write()])
    await write({ state: 'rejected' })
    expect(await queries.countInCapacity()).toBe(2)
    await db.query(
      `update call_log set state = 'ended', ended_at = now() where state in ('rejected', 'hold')`,
    )
    expect(await queries.countInCapacity()).toBe(1)
    await db.query('update call_log set ended_at = null where id = $1', [first])
    expect(await queries.countInCapacity()).toBe(2)
    await db.query('delete from call_log where id = $1', [first])
    expect(await queries.countInCapacity()).toBe(1)
    await db.query('truncate call_log cascade')
    expect(await queries.countInCapacity()).toBe(0)
  })
})

describe('a list of calls', () => {
  it.each<[string, CallFilter, string[]]>([
    ['those that are over', { state: 'ended' }, ['lost', 'over']],
    ['those on hold', { state: 'hold' }, ['held']],
    ['those from a caller', { from: '+49' }, ['held', 'over']],
    ['those of a caller that are over', { from: '+49', state: 'ended' }, ['over']],
    ['those of an outcome', { outcome: 'media_lost' }, ['lost']],
    ['those of a carrier', { provider: 'sip' }, ['held']],
    ['those that live', { active: true }, ['held']],
    ['those that do not', { active: false }, ['lost', 'over']],
  ])('has %s, the newest first', async (_, filter, expected) => {
    const names = new Map([
      [await write({ outcome: 'caller_hung_up', from: '+49', startedAt: '2026-01-05T09:00Z' }), 'over'],
      [await write({ outcome: 'media_lost', startedAt: '2026-01-05T10:00Z' }), 'lost'],
      [await write({ state: 'hold', from: '+49', provider: 'sip', startedAt: '2026-01-05T11:00Z' }), 'held'],
    ])
    const list = await queries.list(filter, { limit: 10 })
    expect(list.map(({ id }) => names.get(id))).toEqual(expected)
  })
})
