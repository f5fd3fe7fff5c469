import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CallHost } from '../../../src/calls/call-host.ts'
import { callStateRoutes } from '../../../src/http/calls/call-state-routes.ts'
import { demoRoutes } from '../../../src/http/console/demo-routes.ts'
import { voiceListRoutes } from '../../../src/http/voices/voice-list-routes.ts'
import { createCallStore } from '../../../src/persistence/call-store.ts'
import { createLiveCallQueries, type LiveCallQueries } from '../../../src/persistence/live-calls.ts'
import { createVoiceQueries } from '../../../src/persistence/voice-queries.ts'
import { systemClock } from '../../../src/runtime/clock.ts'
import { type OpenTestDatabase, openTestDatabase } from '../../support/open-database.ts'
import { until } from '../../support/until.ts'
import { asAdmin, serve, testApp } from '../serve.ts'

/* What the console reads beside the API that programs had before, from a real database. */

const LIMITS = {
  cloneMaxWaitMs: 35_000,
  legPatienceMs: 30_000,
  agentConnectMs: 10_000,
  greetingOverdueMs: 16_000,
  roundOverdueMs: 8_000,
  agentRecoveryMs: 10_000,
  agentPausesMs: [500, 1_000],
  callMaxMs: 3_600_000,
}
const NODE = '01900000-0000-7000-8000-000000000000'

let db: OpenTestDatabase
let host: CallHost
let live: LiveCallQueries
beforeAll(async () => {
  db = await openTestDatabase()
  live = createLiveCallQueries(db.database)
  host = new CallHost({
    nodeId: NODE,
    clock: systemClock,
    log: pino({ level: 'silent' }),
    limits: LIMITS,
    isDraining: () => false,
    maxConcurrentCalls: 10,
    store: createCallStore(db.callPool),
  })
})
afterAll(() => db.drop())

const openCall = async (providerCallId: string) => {
  const { row } = await host.open({
    provider: 'twilio',
    providerCallId,
    direction: 'inbound',
    from: '+15550100002',
    to: '+15550109999',
    publicOrigin: 'https://example.com',
  })
  return row.id
}

describe('live calls', () => {
  it('are read with their place in the chart and the step that brought them there', async () => {
    const id = await openCall('CA1')
    await host.send({ callId: id }, { type: 'leg.instructionsRequested' })
    expect(await live.live()).toEqual([{ id, seq: 2 }])
    expect(await live.these([id])).toMatchObject([
      {
        id,
        state: 'joining',
        bridge: null,
        voice: 'default',
        seq: 2,
        event: 'leg.instructionsRequested',
        endedAt: null,
        value: { call: 'bridging', leg: 'opening', conversation: 'idle', voice: { settled: 'default' } },
      },
    ])
    await host.send({ callId: id }, { type: 'leg.ended', status: 'completed' })
    expect(await live.live()).toEqual([])
    expect(await live.these([id, NODE])).toMatchObject([{ id, state: 'ended', outcome: 'caller_hung_up' }])
  })
})

describe('the state of a call', () => {
  it('has all that it goes on from, with what happens by itself', async () => {
    const id = await openCall('CA2')
    const url = await serve(testApp({ adminRoutes: callStateRoutes({ calls: host, timers: live }) }))
    const ask = (callId: string) => fetch(`${url}/api/v1/calls/${callId}/state`, { headers: asAdmin })
    const state = await (await ask(id)).json()
    expect(state).toMatchObject({
      seq: 1,
      value: { call: 'greeting', leg: 'answered' },
      context: { bridgeNumber: 0 },
      instructions: [{ do: 'play-greeting' }, { do: 'poll' }],
    })
    expect(state.timers.map(({ timerId }: { timerId: string }) => timerId.split('.')[2])).toEqual([
      'GREETING_OVERDUE',
      'LEG_PATIENCE',
      'CALL_MAX',
    ])
    expect((await ask(NODE)).status).toBe(404)
    expect((await ask('no-id')).status).toBe(404)
  })
})

describe('the list of voices', () => {
  it('is found by number or name, page by page, with what became of each clone', async () => {
    for (const [caller, name] of [
      ['+15550100001', 'Ann'],
      ['+15550100002', 'Bob_%'],
      ['+15550100003', 'Cid'],
    ]) {
      await db.query(
        `insert into caller_voice_mapping (caller_id, name, sample_key, consent_by, consent_at) values ($1, $2, $1, 'x', now())`,
        [caller, name],
      )
    }
    await db.query(
      `insert into voice_clone_cache (sample_key, status, failure, requested_at) values ('+15550100001', 'failed', 'Too short.', now())`,
    )
    const url = await serve(testApp({ adminRoutes: voiceListRoutes(createVoiceQueries(db.database)) }))
    const list = async (query: string) =>
      (await (await fetch(`${url}/api/v1/voices${query}`, { headers: asAdmin })).json()) as {
        voices: { name: string; clone: object | null }[]
        nextCursor: string | null
      }
    const names = async (query: string) => (await list(query)).voices.map(({ name }) => name)
    const { voices, nextCursor } = await list('?limit=2')
    expect(voices).toMatchObject([
      { name: 'Ann', consent: { by: 'x' }, clone: { status: 'failed', failure: 'Too short.' } },
      { name: 'Bob_%', clone: null },
    ])
    expect(await names(`?limit=2&cursor=${encodeURIComponent(nextCursor ?? '')}`)).toEqual(['Cid'])
    expect(await names('?search=cid')).toEqual(['Cid'])
    expect(await names('?search=0002')).toEqual(['Bob_%'])
    expect(await names('?search=_%25')).toEqual(['Bob_%'])
  })
})

describe('the kill button', () => {
  it('kills when the answer is sent, and is there only where something starts the process again', async () => {
    let killed = 0
    const url = await serve(
      testApp({
        adminRoutes: demoRoutes(() => {
          killed++
        }),
      }),
    )
    const ask = (headers: Record<string, string>) =>
      fetch(`${url}/api/v1/demo/kill`, { method: 'POST', headers })
    expect((await ask({})).status).toBe(401)
    expect((await ask(asAdmin)).status).toBe(202)
    await until('it was killed', () => killed === 1)
    expect(demoRoutes(null)).toEqual([])
  })
})
