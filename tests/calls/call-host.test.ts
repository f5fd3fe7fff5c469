import pino from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { CallLimits } from '../../machines/call-events.ts'
import { CallHost, type CallHostOptions, streamToken } from '../../src/calls/call-host.ts'
import { createCallStore } from '../../src/persistence/call-store.ts'
import { JobDispatcher } from '../../src/persistence/job-dispatcher.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { type OpenTestDatabase, openTestDatabase } from '../support/open-database.ts'
import { streamClaim } from '../support/stream-claim.ts'

const LIMITS: CallLimits = {
  cloneMaxWaitMs: 35_000,
  legPatienceMs: 60_000,
  agentConnectMs: 10_000,
  greetingOverdueMs: 60_000,
  roundOverdueMs: 60_000,
  agentRecoveryMs: 10_000,
  agentPausesMs: [500, 1_000],
  callMaxMs: 14_400_000,
}
const NODE_A = '01900000-0000-7000-8000-00000000000a'
const NODE_B = '01900000-0000-7000-8000-00000000000b'
const ALICE = '+15550100001'
const STRANGER = '+15550100002'

let db: OpenTestDatabase
let clock: ManualClock
let hosts: CallHost[]

function node(nodeId: string, overrides: Partial<CallHostOptions> = {}): CallHost {
  const host = new CallHost({
    store: createCallStore(db.callPool),
    clock,
    log: pino({ level: 'silent' }),
    nodeId,
    limits: LIMITS,
    maxConcurrentCalls: 100,
    isDraining: () => false,
    ...overrides,
  })
  hosts.push(host)
  return host
}

let calls = 0
const arriving = (from: string) => ({
  provider: 'twilio' as const,
  providerCallId: `CA${++calls}`,
  direction: 'inbound' as const,
  from,
  to: '+15550199999',
  publicOrigin: 'https://voice.example',
})

beforeAll(async () => {
  db = await openTestDatabase()
  await db.query(
    `insert into caller_voice_mapping (caller_id, name, sample_key, consent_by, consent_at) values ($1, 'Alice', 'alice', 'Alice', now())`,
    [ALICE],
  )
})
afterAll(() => db.drop())
beforeEach(() => {
  clock = new ManualClock()
  hosts = []
})
afterEach(async () => {
  await Promise.all(hosts.map((host) => host.stop()))
  expect(clock.pending).toBe(0)
  await db.query('delete from call_log')
  await db.query('delete from voice_clone_cache')
  await db.query('delete from actor_job')
  await db.query('delete from graphile_worker._private_jobs')
})

/** So much time passes: for what is armed in the nodes, and for the database, whose clock nobody can turn. */
async function passTime(ms: number): Promise<void> {
  await db.query(`update call_timer set due_at = due_at - $1 * interval '1 millisecond'`, [ms])
  clock.advance(ms)
}

/** What the queue has been handed of what steps have asked for. */
async function jobs(): Promise<{ task: string; line: string | null }[]> {
  const dispatcher = new JobDispatcher({ pool: db.callPool, log: pino({ level: 'silent' }) })
  dispatcher.dispatch()
  await dispatcher.settled()
  expect(await db.query('select 1 from actor_job')).toEqual([])
  return db.query('select task_identifier as task, queue_name as line from graphile_worker.jobs order by id')
}
const events = (callId: string) =>
  db.query<{ seq: number; type: string; state_before: string; state_after: string }>(
    `select seq, type, state_before, state_after from call_event where call_id = $1 order by seq`,
    [callId],
  )

describe('a call in the database', () => {
  it('begins once, however often the carrier announces it', async () => {
    const call = arriving(ALICE)
    const [a, b] = [node(NODE_A), node(NODE_B)]
    const opened = await Promise.all([a.open(call), b.open(call), a.open(call), b.open(call)])
    expect(new Set(opened.map(({ row }) => row.id)).size).toBe(1)
    expect(opened.filter(({ created }) => created)).toHaveLength(1)
    expect(await jobs()).toEqual([{ task: 'clone-voice', line: 'clone:alice' }])
  })

  it('has a job of its own in the line of those who wait for the same samples', async () => {
    const host = node(NODE_A)
    await host.open(arriving(ALICE))
    await host.open(arriving(ALICE))
    expect(await jobs()).toEqual([1, 2].map(() => ({ task: 'clone-voice', line: 'clone:alice' })))
  })

  it('goes to the default voice at once for a caller without a voice', async () => {
    const { view } = await node(NODE_A).open(arriving(STRANGER))
    expect(view).toMatchObject({ state: 'greeting', voice: 'default', context: { voiceId: null } })
    expect(await jobs()).toEqual([])
  })

  it('finds a clone that is ready, and none that has expired', async () => {
    const host = node(NODE_A)
    const cache = (expires: string) =>
      db.query(
        `insert into voice_clone_cache (sample_key, status, vendor_voice_id, expires_at) values ('alice', 'ready', 'v1', now() + $1::interval)
         on conflict (sample_key) do update set expires_at = excluded.expires_at`,
        [expires],
      )
    await cache('1 hour')
    expect((await host.open(arriving(ALICE))).view).toMatchObject({
      voice: 'cached',
      context: { voiceId: 'v1' },
    })
    await cache('-1 second')
    expect((await host.open(arriving(ALICE))).view.voice).toBe('cloning')
  })

  it('is told by a view as a transfer, by the poll that led it to the agent or because it was moved', async () => {
    const host = node(NODE_A)
    const [polled, moved] = [await host.open(arriving(STRANGER)), await host.open(arriving(ALICE))]
    await host.send({ callId: polled.row.id }, { type: 'leg.instructionsRequested' })
    await host.send({ callId: moved.row.id }, { type: 'voice.ready', voiceId: 'v1' })
    const transfers = await db.query('select call_id, transferred_by from clone_transfer_events order by at')
    expect(transfers).toEqual([
      { call_id: polled.row.id, transferred_by: 'poll' },
      { call_id: moved.row.id, transferred_by: 'moved' },
    ])
  })

  it('lets each bridge be joined once, with its own token', async () => {
    const [a, b] = [node(NODE_A), node(NODE_B)]
    const { row } = await a.open(arriving(STRANGER))
    await a.send({ callId: row.id }, { type: 'leg.instructionsRequested' })
    const claim = streamClaim(row)
    expect(await a.join({ ...claim, token: 'guess' })).toHaveProperty('refused')
    expect(await a.join(streamClaim(row, 2))).toHaveProperty('refused')
    const ofAnother = streamToken(row, '01900000-0000-7000-8000-0000000000ff', 1)
    expect(await a.join({ ...claim, token: ofAnother })).toHaveProperty('refused')
    expect(await a.join({ ...claim, providerCallId: 'CAother' })).toHaveProperty('refused')
    const joined = await Promise.all([a.join(claim), b.join(claim)])
    expect(joined.filter((answer) => 'bridgeNumber' in answer)).toHaveLength(1)
    expect(joined.filter((answer) => 'refused' in answer)).toHaveLength(1)
  })

  it('is turned away politely when there is no room, and clones nothing', async () => {
    const host = node(NODE_A, { maxConcurrentCalls: 1 })
    await host.open(arriving(STRANGER))
    expect((await host.open(arriving(ALICE))).view).toMatchObject({
      state: 'rejected',
      context: { endReason: 'capacity_full' },
    })
    expect(await jobs()).toEqual([])
  })

  it('takes no more places than there are when many come at once, from far below the maximum to over it', async () => {
    const [{ max_connections: connections = '' } = {}] = await db.query<{ max_connections: string }>(
      'show max_connections',
    )
    // The first few are far from it: there is a place left for each connection of the server.
    const capacity = Number(connections) + 5
    const hosts = [NODE_A, NODE_B].map((id) => node(id, { maxConcurrentCalls: capacity }))
    const opened = await Promise.all(
      Array.from({ length: capacity + 20 }, (_, index) => hosts[index % 2]?.open(arriving(STRANGER))),
    )
    const states = Map.groupBy(opened, (call) => call?.view.state)
    expect(states.get('greeting')).toHaveLength(capacity)
    expect(states.get('rejected')).toHaveLength(20)
  })

  it('waits for nobody who is about to begin, far from the maximum', async () => {
    const slow = await db.callPool.connect()
    try {
      await slow.query('begin')
      await slow.query('select has_capacity(1000, false)')
      const { view } = await node(NODE_A, { maxConcurrentCalls: 1_000 }).open(arriving(STRANGER))
      expect(view.state).toBe('greeting')
    } finally {
      await slow.query('rollback')
      slow.release()
    }
  })

  it('writes its end once', async () => {
    const host = node(NODE_A)
    const { row } = await host.open(arriving(STRANGER))
    const end = { type: 'leg.ended', status: 'completed' } as const
    await Promise.all([host.send({ callId: row.id }, end), host.send({ callId: row.id }, end)])
    expect((await host.find({ callId: row.id }))?.row).toMatchObject({ outcome: 'caller_hung_up' })
    expect(await events(row.id)).toHaveLength(2)
    expect(await db.query('select 1 from call_timer where call_id = $1', [row.id])).toEqual([])
  })

  it('stays ended, whatever comes and whatever its chart would make of it', async () => {
    const host = node(NODE_A)
    const { row } = await host.open(arriving(STRANGER))
    const before = row.snapshot
    await host.send({ callId: row.id }, { type: 'leg.ended', status: 'completed' })
    const { row: ended } = (await host.find({ callId: row.id })) ?? { row }
    expect(ended.endedAt).toBeInstanceOf(Date)
    // A node whose chart is older may take the state for one that goes on.
    await db.query('update call_log set snapshot = $2 where id = $1', [row.id, JSON.stringify(before)])
    expect(await host.send({ callId: row.id }, { type: 'leg.instructionsRequested' })).toMatchObject({
      handled: false,
    })
    expect((await host.find({ callId: row.id }))?.row).toMatchObject({
      endedAt: ended.endedAt,
      outcome: 'caller_hung_up',
      lastSeq: 2,
    })
  })

  it('is bridged again when its relay is suspected and its leg asks, and stays bridged until then', async () => {
    const [a, b] = [node(NODE_A), node(NODE_B)]
    const { row } = await a.open(arriving(STRANGER))
    const callId = row.id
    await a.send({ callId }, { type: 'leg.instructionsRequested' })
    await a.join(streamClaim(row))
    const suspect = (bridgeNumber: number) => b.send({ callId }, { type: 'relay.unresponsive', bridgeNumber })
    for (const _ of [1, 2]) expect((await suspect(1))?.view.state).toBe('bridged')
    expect((await jobs()).map(({ task }) => task)).toEqual(['redirect-leg', 'redirect-leg'])
    // A question that was merely repeated disturbs nobody; one of a leg that was taken out of the bridge makes another.
    expect((await b.send({ callId }, { type: 'leg.instructionsRequested' }))?.view.state).toBe('bridged')
    expect((await b.send({ callId }, { type: 'leg.instructionsRequested', leaves: 1 }))?.view).toMatchObject({
      state: 'joining',
      context: { bridgeNumber: 2 },
    })
    expect((await suspect(1))?.handled).toBe(false)
  })

  it('is ended in writing when the chart of today does not know its state', async () => {
    const host = node(NODE_A)
    const { row } = await host.open(arriving(STRANGER))
    await db.query(
      `update call_log set chart_version = '0', snapshot = jsonb_set(snapshot, '{value}', '"gone"') where id = $1`,
      [row.id],
    )
    // Who has asked is answered, with an apology; nobody has to be told anything.
    expect((await host.send({ callId: row.id }, { type: 'leg.instructionsRequested' }))?.view.state).toBe(
      'failed',
    )
    expect((await host.find({ callId: row.id }))?.row).toMatchObject({ outcome: 'chart_retired' })
    expect(await jobs()).toEqual([])
  })
})

describe('a timer', () => {
  const settled = async (check: () => Promise<boolean>) => {
    for (let tries = 0; tries < 200 && !(await check()); tries++)
      await new Promise((next) => setImmediate(next))
  }

  it('fires on the node that set it', async () => {
    const host = node(NODE_A)
    const { row } = await host.open(arriving(ALICE))
    await passTime(35_000)
    await settled(async () => (await host.find({ callId: row.id }))?.view.state === 'joining')
    const log = await events(row.id)
    expect(log.at(-1)).toMatchObject({
      type: 'xstate.after.CLONE_MAX_WAIT.voice.cloning',
      state_after: 'joining',
    })
    const asked = (await jobs()).map(({ task }) => task)
    expect(asked.sort()).toEqual(['clone-voice', 'record-clone-timeout', 'redirect-leg'])
  })

  it('fires once on another node when its own is gone, though two look for it', async () => {
    const gone = node(NODE_A)
    const { row } = await gone.open(arriving(ALICE))
    await gone.stop()
    await passTime(36_000)
    const [b, c] = [node(NODE_B), node(NODE_A)]
    b.start()
    c.start()
    await settled(async () => (await b.find({ callId: row.id }))?.view.state === 'joining')
    await Promise.all([b.stop(), c.stop()])
    expect((await events(row.id)).filter(({ type }) => type.startsWith('xstate.after'))).toHaveLength(1)
  })

  it('that was armed anew elsewhere does not fire at its old time', async () => {
    const [a, b] = [node(NODE_A), node(NODE_B)]
    const { callId } = { callId: (await a.open(arriving(STRANGER))).row.id }
    const stateNow = async () => (await a.find({ callId }))?.view.state
    const breakBridge = async (host: CallHost, bridgeNumber: number) => {
      await host.send({ callId }, { type: 'leg.instructionsRequested' })
      await host.send({ callId }, { type: 'media.joined', bridgeNumber, node: NODE_A })
      await host.send({ callId }, { type: 'media.lost', bridgeNumber, clean: false })
    }
    await breakBridge(a, 1)
    await passTime(10_000)
    await breakBridge(b, 2)
    // The fifteen seconds of the first break are over on the node that knows of no other; those of the second are not.
    await passTime(6_000)
    await a.stop()
    expect(await stateNow()).toBe('rejoining')
    await passTime(10_000)
    await settled(async () => (await stateNow()) === 'ended')
    expect(await stateNow()).toBe('ended')
  })

  it('that cannot be fired is set back, told once, and keeps no other waiting', async () => {
    const [broken, sound] = [
      await node(NODE_A).open(arriving(ALICE)),
      await node(NODE_A).open(arriving(ALICE)),
    ]
    await Promise.all(hosts.map((host) => host.stop()))
    // A step that the database refuses: the number of its event is taken.
    await db.query(
      `insert into call_event (call_id, seq, type, event, state_before, state_after, effects, at)
       values ($1, 2, 'x', '{}', 'x', 'x', '[]', now())`,
      [broken.row.id],
    )
    await passTime(36_000)
    const warnings: object[] = []
    const log = pino({ level: 'warn' }, { write: (line) => void warnings.push(JSON.parse(line)) })
    const host = node(NODE_B, { log })
    host.start()
    await settled(async () => (await host.find({ callId: sound.row.id }))?.view.state === 'joining')
    const postponed = async () => {
      const rows = await db.query<{ failures: number; isLater: boolean }>(
        'select failures, due_at > clock_timestamp() as "isLater" from call_timer where call_id = $1 and failures > 0',
        [broken.row.id],
      )
      return rows[0]
    }
    await settled(async () => (await postponed()) !== undefined)
    expect(await postponed()).toEqual({ failures: 1, isLater: true })
    await passTime(2_001)
    await settled(async () => (await postponed())?.failures === 2)
    expect(await postponed()).toEqual({ failures: 2, isLater: true })
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatchObject({ callId: broken.row.id })
    await db.query(`delete from call_event where call_id = $1 and type = 'x'`, [broken.row.id])
    await passTime(4_001)
    await settled(async () => (await host.find({ callId: broken.row.id }))?.view.state === 'joining')
    expect((await host.find({ callId: broken.row.id }))?.view.state).toBe('joining')
  })
})
