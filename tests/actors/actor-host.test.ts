import { fork } from 'node:child_process'
import { once } from 'node:events'
import pino from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ActorFeed } from '../../src/actors/actor-feed.ts'
import type { Seen } from '../../src/actors/actor-host.ts'
import { deliveryHandlers, hosted } from '../../src/actors/deliveries.ts'
import { JobDispatcher } from '../../src/persistence/job-dispatcher.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { type OpenTestDatabase, openTestDatabase } from '../support/open-database.ts'
import { TURNSTILE_TABLES, type TurnstileTypes, turnstile } from './turnstile.ts'
import { openTurnstiles } from './turnstile-host.ts'

/* The host of actors with actors that are no calls, on a real database: nothing in it knows calls. */

const NODE_A = '01900000-0000-7000-8000-00000000000a'
const NODE_B = '01900000-0000-7000-8000-00000000000b'
const NOBODY = '01900000-0000-7000-8000-0000000000ff'

type Node = Awaited<ReturnType<typeof openTurnstiles>>

let db: OpenTestDatabase
let clock: ManualClock
let a: Node
let b: Node

beforeAll(async () => {
  db = await openTestDatabase()
  await db.query(TURNSTILE_TABLES)
})
afterAll(() => db.drop())
beforeEach(async () => {
  clock = new ManualClock()
  a = await openTurnstiles(db.url, NODE_A, { clock })
  b = await openTurnstiles(db.url, NODE_B, { clock })
})
afterEach(async () => {
  await Promise.all([a.close(), b.close()])
  expect(clock.pending).toBe(0)
  await db.query('delete from turnstile')
  await db.query('delete from actor_job')
  await db.query('delete from graphile_worker._private_jobs')
})

const logOf = (id: string) =>
  db.query<{ seq: number; type: string; before: string; after: string }>(
    `select seq, type, state_before as before, state_after as after from turnstile_event
     where turnstile_id = $1 order by seq`,
    [id],
  )
const timersOf = (id: string) =>
  db.query<object>('select timer_id as timer from turnstile_timer where turnstile_id = $1', [id])
const viewOf = async (id: string) => (await a.host.find(id))?.view

/** So much time passes: for what is armed in the nodes, and for the database, whose clock nobody can turn. */
async function passTime(ms: number): Promise<void> {
  await db.query(`update turnstile_timer set due_at = due_at - $1 * interval '1 millisecond'`, [ms])
  clock.advance(ms)
}

/** What the queue has been handed, in order. */
async function jobs() {
  const dispatcher = new JobDispatcher({ pool: db.callPool, log: pino({ level: 'silent' }) })
  dispatcher.dispatch()
  await dispatcher.settled()
  return db.query<{ task: string; payload: never }>(
    `select t.identifier as task, j.payload from graphile_worker._private_jobs j
     join graphile_worker._private_tasks t on t.id = j.task_id order by j.id`,
  )
}

describe('a step', () => {
  it('is written whole: the state, its columns, the event and its effects', async () => {
    const id = await a.begin()
    const now = await a.host.send(id, { type: 'coin' })
    expect(now).toMatchObject({ handled: true, view: { place: 'open', coins: 1, seq: 2 } })
    expect(await logOf(id)).toEqual([
      { seq: 1, type: 'turnstile.began', before: 'none', after: 'locked' },
      { seq: 2, type: 'coin', before: 'locked', after: 'open' },
    ])
    const [row] = await db.query(
      'select hall, is_open, passed, node_id, ended_at from turnstile where id = $1',
      [id],
    )
    expect(row).toEqual({ hall: 'north', is_open: true, passed: 0, node_id: NODE_A, ended_at: null })
    expect((await a.host.find(id))?.row).toMatchObject({ id, hall: 'north', lastSeq: 2 })
  })

  it('is none for an event that changes nothing, or for an actor that is not there', async () => {
    const id = await a.begin()
    expect(await a.host.send(id, { type: 'push' })).toMatchObject({ handled: false, view: { seq: 1 } })
    expect(await a.host.send(NOBODY, { type: 'push' })).toBeNull()
  })

  it('begins an actor once', async () => {
    const id = await a.begin()
    await a.host.send(id, { type: 'coin' })
    await b.begin(null, id)
    expect(await viewOf(id)).toMatchObject({ place: 'open', seq: 2 })
  })

  it('takes 50 that come at once on two nodes one after the other', async () => {
    const id = await a.begin()
    const coins = Array.from({ length: 50 }, (_, i) => (i % 2 ? a : b).host.send(id, { type: 'coin' }))
    const seen = (await Promise.all(coins)).map((now) => now?.view)
    expect(seen.map((view) => view?.coins).sort((x = 0, y = 0) => x - y)).toEqual(
      Array.from({ length: 50 }, (_, i) => i + 1),
    )
    for (const view of seen) expect(view?.seq).toBe((view?.coins ?? 0) + 1)
    expect((await logOf(id)).map(({ seq }) => seq)).toEqual(Array.from({ length: 51 }, (_, i) => i + 1))
  })

  it('takes a repeated event once, by its id', async () => {
    const id = await a.begin()
    const put = (node: Node) => node.host.send(id, { type: 'coin' }, { eventId: 'coin-7' })
    const put20 = await Promise.all(Array.from({ length: 20 }, (_, i) => put(i % 2 ? a : b)))
    expect(put20.filter((now) => now?.handled)).toHaveLength(1)
    expect(await viewOf(id)).toMatchObject({ coins: 1 })
  })

  it('is the last when the machine is done, and none comes after', async () => {
    const id = await a.begin()
    await a.host.send(id, { type: 'coin' })
    await a.host.send(id, { type: 'close' })
    expect(await timersOf(id)).toEqual([])
    expect(await b.host.send(id, { type: 'coin' })).toMatchObject({
      handled: false,
      view: { place: 'closed' },
    })
    expect((await a.host.find(id))?.row.endedAt).toBeInstanceOf(Date)
  })
})

describe('a timer', () => {
  it('fires on the node that has set it, and is gone', async () => {
    const id = await a.begin()
    await a.host.send(id, { type: 'coin' })
    await passTime(5_000)
    await expect.poll(() => viewOf(id)).toMatchObject({ place: 'locked', coins: 0 })
    expect(await timersOf(id)).toEqual([{ timer: 'xstate.after.DAY.turnstile' }])
  })

  it('that was cancelled fires nowhere', async () => {
    const id = await a.begin()
    await a.host.send(id, { type: 'coin' })
    await b.host.send(id, { type: 'push' })
    await passTime(5_000)
    b.host.start()
    await Promise.all([a.host.stop(), b.host.stop()])
    expect((await logOf(id)).map(({ type }) => type)).toEqual(['turnstile.began', 'coin', 'push'])
  })

  it('of a node that was killed is fired by another one, once', async () => {
    const child = fork(new URL('./turnstile-node.ts', import.meta.url), [db.url, NODE_A])
    const [{ id }] = (await once(child, 'message')) as [{ id: string }]
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(await viewOf(id)).toMatchObject({ place: 'open' })
    await passTime(5_000)
    a.host.start()
    b.host.start()
    await expect.poll(() => viewOf(id)).toMatchObject({ place: 'locked' })
    await Promise.all([a.host.stop(), b.host.stop()])
    expect((await logOf(id)).filter(({ type }) => type.startsWith('xstate.after'))).toHaveLength(1)
    expect((await jobs()).map(({ task }) => task)).toEqual(['refund'])
  })
})

describe('the outbox', () => {
  it('hands each job to the queue once, however many nodes hand over', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, () => a.begin()))
    await Promise.all(ids.map((id) => a.host.send(id, { type: 'coin' })))
    await passTime(5_000)
    for (const id of ids) await expect.poll(() => viewOf(id)).toMatchObject({ place: 'locked' })
    await Promise.all([jobs(), jobs(), jobs()])
    const handed = await jobs()
    expect(handed.map(({ payload }: { payload: { id: string } }) => payload.id).sort()).toEqual(
      [...ids].sort(),
    )
    expect(await db.query('select 1 from actor_job')).toEqual([])
  })

  it('brings what one actor says to another, once, though it is carried out twice', async () => {
    const next = await b.begin()
    const id = await a.begin(next)
    await a.host.send(id, { type: 'coin' })
    await a.host.send(id, { type: 'push' })
    const [said, ...more] = await jobs()
    expect(more).toEqual([])
    expect(said).toMatchObject({ task: 'deliver-event@turnstile', payload: { kind: 'turnstile', id: next } })
    const deliver = deliveryHandlers([b.host], (message) => message)[said?.task ?? '']
    for (const _ of [1, 2]) await deliver?.(said?.payload as never)
    expect(await viewOf(next)).toMatchObject({ place: 'open', coins: 1 })
  })

  it('refuses two kinds whose charts have one name', () => {
    expect(hosted([a.host])).toEqual(['turnstile', turnstile.charts.id])
    const other = { kind: 'gate', knownCharts: [turnstile.charts.id] }
    expect(() => hosted([a.host, other])).toThrow(turnstile.charts.id)
  })
})

describe('an actor of a chart that is not known here', () => {
  it('is left to those who know it, and is ended in writing when nobody does', async () => {
    const id = await a.begin()
    await db.query(`update turnstile set chart_version = 'turnstile-2.00000000' where id = $1`, [id])
    const knowing = await openTurnstiles(db.url, NODE_A, { clock, findChart: async ([chart = '']) => chart })
    await knowing.host.send(id, { type: 'push' }, { eventId: 'p1' })
    expect((await jobs()).map(({ task }) => task)).toEqual(['deliver-event@turnstile-2.00000000'])
    await knowing.close()
    await a.host.send(id, { type: 'push' })
    expect((await logOf(id)).at(-1)).toMatchObject({ before: 'unknown', after: 'closed' })
  })
})

it('the feed tells newer from older by the number of the step', async () => {
  const id = await a.begin()
  const feed = new ActorFeed<Seen<TurnstileTypes>>({
    read: async (each) => (await a.host.find(each))?.view ?? null,
    findAhead: a.store.findAhead,
  })
  const told: number[] = []
  feed.watch(id, ({ seq }) => told.push(seq))
  const second = await a.host.send(id, { type: 'coin' })
  const third = await b.host.send(id, { type: 'push' })
  if (!second || !third) throw new Error('The turnstile is not there.')
  feed.stepped({ id, seq: 3, state: 'locked' }, third.view)
  feed.stepped({ id, seq: 2, state: 'open' }, second.view)
  await feed.heard({ id, seq: 2, state: 'open' })
  await feed.missed()
  await b.host.send(id, { type: 'coin' })
  await feed.heard({ id, seq: 4, state: 'open' })
  expect(told).toEqual([3, 4])
})
