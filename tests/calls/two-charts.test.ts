import pino from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { TIMERS_OF_CHART_2 } from '../../machines/call/from-chart-2.ts'
import { nextInstructions } from '../../machines/instructions.ts'
import { CallHost, type CallHostOptions } from '../../src/calls/call-host.ts'
import { AnswerPending } from '../../src/calls/ports.ts'
import { stateOfRow } from '../../src/calls/retire.ts'
import { callCharts } from '../../src/calls/saved-call.ts'
import type { CallRow } from '../../src/calls/store.ts'
import { LIMITS } from '../../src/model/call-model.ts'
import { createCallStore } from '../../src/persistence/call-store.ts'
import { JobDispatcher } from '../../src/persistence/job-dispatcher.ts'
import { createKnownCharts } from '../../src/persistence/known-charts.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { type OpenTestDatabase, openTestDatabase } from '../support/open-database.ts'
import { streamClaim } from '../support/stream-claim.ts'

/* A call that was saved by another chart, by an older one, or by nobody who knows how. */

const NODE = '01900000-0000-7000-8000-00000000000a'
const OTHERS = '9.0badcafe'

let db: OpenTestDatabase
let host: CallHost
let known: string[]
let searches: number
let alarms: string[]
let calls = 0

beforeAll(async () => {
  db = await openTestDatabase()
})
afterAll(() => db.drop())
beforeEach(() => {
  known = []
  searches = 0
  alarms = []
  const log = pino({ level: 'error' }, { write: (line: string) => void alarms.push(line) })
  host = hostWith({
    log,
    findChart: async (names) => {
      searches++
      return names.find((name) => known.includes(name)) ?? null
    },
  })
})
afterEach(async () => {
  await host.stop()
  await db.query('delete from call_log')
  await db.query('delete from actor_job')
  await db.query('delete from graphile_worker._private_jobs')
})

const hostWith = (change: Partial<CallHostOptions> = {}): CallHost =>
  new CallHost({
    store: createCallStore(db.callPool),
    clock: new ManualClock(),
    log: pino({ level: 'silent' }),
    nodeId: NODE,
    limits: LIMITS,
    maxConcurrentCalls: 100,
    isDraining: () => false,
    ...change,
  })

async function opened(): Promise<string> {
  const call = { provider: 'twilio', providerCallId: `CA${++calls}`, direction: 'inbound' } as const
  const parties = { from: '+15550100002', to: '+15550199999', publicOrigin: 'https://voice.example' }
  return (await host.open({ ...call, ...parties })).row.id
}

async function talking(): Promise<string> {
  const callId = await opened()
  await host.send({ callId }, { type: 'leg.instructionsRequested' })
  const row = (await host.find({ callId }))?.row
  if (!row) throw new Error('The call is gone.')
  await host.join(streamClaim(row))
  await host.send({ callId }, { type: 'agent.ready', bridgeNumber: 1, connection: 1, conversationId: 'c1' })
  return callId
}

const save = (callId: string, chart: string, snapshot: object | string | null) =>
  db.query('update call_log set chart_version = $2, snapshot = $3::jsonb where id = $1', [
    callId,
    chart,
    JSON.stringify(snapshot),
  ])
const snapshotOf = async (callId: string) =>
  (
    await db.query<{ snapshot: { value: unknown; context: Record<string, unknown>; status: string } }>(
      'select snapshot from call_log where id = $1',
      [callId],
    )
  )[0]?.snapshot
const rowOf = async (callId: string) => (await host.find({ callId }))?.row
async function jobs(): Promise<string[]> {
  const dispatcher = new JobDispatcher({ pool: db.callPool, log: pino({ level: 'silent' }) })
  dispatcher.dispatch()
  await dispatcher.settled()
  expect(await db.query('select 1 from actor_job')).toEqual([])
  const waiting = await db.query<{ task: string }>(
    'select task_identifier as task from graphile_worker.jobs order by id',
  )
  return waiting.map(({ task }) => task)
}

const timers = async (callId: string) =>
  (
    await db.query<{ id: string }>('select timer_id as id from call_timer where call_id = $1 order by 1', [
      callId,
    ])
  ).map(({ id }) => id.split('.')[2])

describe('a call in a state of a chart that is not known here', () => {
  async function waiting(): Promise<string> {
    const callId = await opened()
    const snapshot = await snapshotOf(callId)
    await save(callId, OTHERS, { ...snapshot, value: { ...Object(snapshot?.value), call: 'waiting' } })
    return callId
  }

  it('is left to those who know it: while they have not answered, its question is to be asked again', async () => {
    const callId = await waiting()
    known = [OTHERS]
    await expect(host.send({ callId }, { type: 'leg.instructionsRequested' })).rejects.toThrow(AnswerPending)
    expect(await rowOf(callId)).toMatchObject({ endedAt: null, chartVersion: OTHERS })
    expect(await jobs()).toEqual([`deliver-event@${OTHERS}`])
  })

  it('is left to a process that goes on from the version of its chart', async () => {
    const callId = await waiting()
    known = ['9']
    await host.send({ callId }, { type: 'voice.failed', cause: 'rejected' })
    expect(await jobs()).toEqual(['deliver-event@9'])
  })

  it('hears at once what became of its question', async () => {
    const callId = await waiting()
    known = [OTHERS]
    const answer = host.send({ callId }, { type: 'leg.instructionsRequested' })
    // As by a process that knows the chart: one hold round further, in a state without a name here.
    await expect.poll(jobs).toHaveLength(1)
    await db.query(
      `update call_log set snapshot = jsonb_set(snapshot, '{context,call,holdRound}', '7') where id = $1`,
      [callId],
    )
    await db.query('delete from graphile_worker._private_jobs')
    const { view } = (await answer) ?? {}
    expect(view && nextInstructions(view)).toEqual([{ do: 'hold', round: 7 }, { do: 'poll' }])
  })

  it('keeps its timers for those who know it', async () => {
    const callId = await waiting()
    known = [OTHERS]
    await db.query(`update call_timer set due_at = now() - interval '1 minute' where call_id = $1`, [callId])
    host.start()
    await expect.poll(() => searches).toBeGreaterThan(1)
    await host.stop()
    const due = await db.query<{ failures: number; isDue: boolean }>(
      'select failures, due_at < now() as "isDue" from call_timer where call_id = $1',
      [callId],
    )
    expect(due.length).toBeGreaterThan(1)
    for (const timer of due) expect(timer).toEqual({ failures: 0, isDue: true })
  })

  it('loses no report of its own to the same one of another call', async () => {
    const both = [await waiting(), await waiting()]
    known = [OTHERS]
    const end = { type: 'leg.ended', status: 'completed' } as const
    for (const callId of both) await host.send({ callId }, end, { eventId: 'status:completed' })
    expect(await jobs()).toHaveLength(2)
  })

  it('is told by any process what waited for one that lives no more', async () => {
    const callId = await waiting()
    known = [OTHERS]
    await host.send({ callId }, { type: 'voice.failed', cause: 'rejected' }, { eventId: 'e1' })
    known = []
    await createKnownCharts(db.database).adoptJobs({ prefix: 'deliver-event@', task: 'deliver-event' })
    expect(await jobs()).toEqual(['deliver-event'])
    const [waits] = await db.query<{ payload: object }>('select payload from graphile_worker._private_jobs')
    expect(waits?.payload).toMatchObject({
      kind: 'call',
      id: callId,
      eventId: 'e1',
      event: { type: 'voice.failed' },
    })
  })

  it('hears what nobody would say again from a process that knows it', async () => {
    const callId = await waiting()
    known = [OTHERS]
    const end = { type: 'leg.ended', status: 'completed', durationSeconds: 3 } as const
    expect((await host.send({ callId }, end, { eventId: 'e1' }))?.handled).toBe(true)
    await host.send({ callId }, end, { eventId: 'e1' })
    await host.send({ callId }, { type: 'operator.hangupRequested', by: 'ann' })
    expect(await jobs()).toEqual([`deliver-event@${OTHERS}`, `deliver-event@${OTHERS}`])
    expect((await rowOf(callId))?.endedAt).toBeNull()
  })

  it('is ended in writing when nobody knows it, and its caller hears an apology however often they ask', async () => {
    const callId = await waiting()
    const asked = await host.send({ callId }, { type: 'leg.instructionsRequested' })
    expect(asked?.view.state).toBe('failed')
    expect(await rowOf(callId)).toMatchObject({ outcome: 'chart_retired', endedAt: expect.any(Date) })
    expect(await jobs()).toEqual([])
    expect((await host.send({ callId }, { type: 'leg.instructionsRequested' }))?.view.state).toBe('failed')
    expect(await db.query('select state from call_log where id = $1', [callId])).toEqual([{ state: 'ended' }])
  })

  it('has its leg asked for, to hear the apology, when it was no question that found it', async () => {
    const callId = await waiting()
    await host.send({ callId }, { type: 'voice.failed', cause: 'rejected' })
    expect(await jobs()).toEqual(['redirect-leg'])
  })
})

it('an ended call stays ended, whatever comes and whatever chart it was saved by', async () => {
  const callId = await opened()
  await host.send({ callId }, { type: 'leg.ended', status: 'completed' })
  const ended = await rowOf(callId)
  // A late poll at a process that would take the state for one of its own.
  const live = {
    value: { call: 'hold', leg: 'answered', conversation: 'idle', voice: 'cloning' },
    status: 'active',
  }
  await save(callId, callCharts.id, { ...(await snapshotOf(callId)), ...live })
  for (const event of [
    { type: 'leg.instructionsRequested' },
    { type: 'leg.ended', status: 'failed' },
  ] as const)
    expect((await host.send({ callId }, event))?.handled).toBe(false)
  expect(await rowOf(callId)).toMatchObject({ endedAt: ended?.endedAt, outcome: 'caller_hung_up' })
})

/** As charts 1 and 2 saved it: with one machine, and timers that are named after its states. */
async function asOneMachine(
  callId: string,
  chart: string,
  { leg, forgotten = [], limits = LIMITS }: { leg: unknown; forgotten?: string[]; limits?: object },
): Promise<void> {
  const {
    bridgeNumber: attempt,
    agentBridge: _,
    isWanted: __,
    ...fields
  } = stateOfRow((await rowOf(callId)) as CallRow).context
  const known = { ...fields, attempt }
  const context = Object.fromEntries(Object.entries(known).filter(([field]) => !forgotten.includes(field)))
  const value = { live: { leg, voice: { settled: 'default' } } }
  await save(callId, chart, { status: 'active', value, context: { ...context, limits } })
  for (const [was, name] of Object.entries(TIMERS_OF_CHART_2))
    await db.query('update call_timer set timer_id = $2 where call_id = $1 and timer_id = $3', [
      callId,
      was,
      name,
    ])
}

describe('a call of chart 1', () => {
  /** Without what chart 2 added. */
  async function asChart1(callId: string, leg: unknown): Promise<void> {
    const { cloneMaxWaitMs, legPatienceMs, agentConnectMs, callMaxMs } = LIMITS
    const forgotten = [
      'agentConnection',
      'agentPauses',
      'refusedOverrides',
      'redirects',
      'unresponsiveBridge',
    ]
    const limits = { cloneMaxWaitMs, legPatienceMs, agentConnectMs, callMaxMs }
    await asOneMachine(callId, '1', { leg, forgotten, limits })
    await db.query(`delete from call_timer where call_id = $1 and timer_id not like '%CALL_MAX%'`, [callId])
  }

  it('goes on, and from its next step on has the timers that chart 1 did not know', async () => {
    const callId = await talking()
    await asChart1(callId, { bridged: 'talking' })
    const next = await host.send({ callId }, { type: 'relay.unresponsive', bridgeNumber: 1 })
    expect(next?.view).toMatchObject({ state: 'bridged', bridge: 'talking' })
    expect((await rowOf(callId))?.chartVersion).toBe(callCharts.id)
    expect(await timers(callId)).toEqual(['AGENT_STEADY', 'CALL_MAX', 'TALK_CHECK'])
  })

  it('that was reaching its agent again does so by the rules of today', async () => {
    const callId = await talking()
    await asChart1(callId, { bridged: 'reconnecting' })
    // A relay of chart 1 does not number its connections.
    const lost = await host.send({ callId }, { type: 'agent.lost', bridgeNumber: 1, cause: 'closed_1011' })
    expect(lost?.view).toMatchObject({ state: 'bridged', bridge: 'backingOff' })
    expect(await timers(callId)).toEqual(['AGENT_PAUSE', 'AGENT_RECOVERY', 'CALL_MAX'])
  })

  it('is told by the timer of a state that is no more that there is another', async () => {
    const callId = await talking()
    await asChart1(callId, { bridged: 'reconnecting' })
    const timerId = 'xstate.after.AGENT_CONNECT.call.live.leg.bridged.reconnecting'
    await db.query('insert into call_timer (call_id, timer_id, due_at) values ($1, $2, now())', [
      callId,
      timerId,
    ])
    const clock = new ManualClock()
    const sweeping = hostWith({ clock })
    sweeping.start()
    await expect.poll(() => timers(callId)).toContain('AGENT_RECOVERY')
    await sweeping.stop()
    expect(await timers(callId)).toEqual(['AGENT_CONNECT', 'AGENT_RECOVERY', 'CALL_MAX'])
  })
})

describe('a call of chart 2', () => {
  const due = async (callId: string) =>
    Object.fromEntries(
      (
        await db.query<{ id: string; due: string }>(
          'select timer_id as id, due_at::text as due from call_timer where call_id = $1',
          [callId],
        )
      ).map(({ id, due }) => [id, due]),
    )

  it('goes on as the machines of today, and its timers run out when they would have', async () => {
    const callId = await talking()
    const before = await due(callId)
    await asOneMachine(callId, '2.ebc58098', { leg: { bridged: 'talking' } })
    expect(Object.keys(await due(callId))).toContain('xstate.after.CALL_MAX.call.live')
    const refused = {
      type: 'agent.overrideRefused',
      override: 'language',
      voiceId: null,
      isGone: false,
    } as const
    const next = await host.send({ callId }, { ...refused, bridgeNumber: 1, connection: 1 })
    expect(next?.view).toMatchObject({ state: 'bridged', bridge: 'talking' })
    expect((await rowOf(callId))?.chartVersion).toBe(callCharts.id)
    expect(await due(callId)).toEqual(before)
  })

  it('forgets the timers of the state that it leaves, whatever they were called', async () => {
    const callId = await talking()
    await asOneMachine(callId, '2.ebc58098', { leg: { bridged: 'talking' } })
    await host.send({ callId }, { type: 'media.lost', bridgeNumber: 1, clean: true })
    expect(await timers(callId)).toEqual(['CALL_MAX', 'REJOIN_OVERDUE', 'REJOIN_PATIENCE'])
  })

  it('is moved on by a timer that chart 2 has set', async () => {
    const callId = await talking()
    await asOneMachine(callId, '2.ebc58098', { leg: { bridged: 'talking' } })
    await db.query(`update call_timer set due_at = now() where call_id = $1 and timer_id like '%CALL_MAX%'`, [
      callId,
    ])
    const sweeping = hostWith()
    sweeping.start()
    await expect.poll(async () => (await rowOf(callId))?.outcome).toBe('too_long')
    await sweeping.stop()
    expect(await timers(callId)).toEqual([])
  })
})

describe.each([
  ['null', () => null],
  ['a text', () => 'hold'],
  ['an empty object', () => ({})],
  ['without a context', (saved: object) => ({ ...saved, context: undefined })],
  ['with a context of nothing', (saved: object) => ({ ...saved, context: {} })],
  ['in no state', (saved: object) => ({ ...saved, value: null })],
  ['in a state that there is not', (saved: object) => ({ ...saved, value: { call: 'gone' } })],
])('a snapshot that is %s', (_, spoil) => {
  async function spoilt(): Promise<string> {
    const callId = await talking()
    await save(callId, callCharts.id, spoil((await snapshotOf(callId)) ?? {}) as object | null)
    return callId
  }

  it('ends its call in writing, once, with an alarm, and its caller hears an apology', async () => {
    const callId = await spoilt()
    expect((await host.find({ callId }))?.view.state).toBe('failed')
    expect((await host.send({ callId }, { type: 'leg.instructionsRequested' }))?.view.state).toBe('failed')
    expect((await host.send({ callId }, { type: 'leg.instructionsRequested' }))?.view.state).toBe('failed')
    expect(await rowOf(callId)).toMatchObject({ outcome: 'snapshot_corrupt', endedAt: expect.any(Date) })
    expect(alarms).toHaveLength(1)
    expect(await timers(callId)).toEqual([])
  })

  it('lets an operator hang up', async () => {
    const callId = await spoilt()
    const hungUp = await host.send({ callId }, { type: 'operator.hangupRequested', by: 'ann' })
    expect(hungUp?.handled).toBe(true)
    expect(await jobs()).toEqual(['hang-up-leg'])
  })
})
