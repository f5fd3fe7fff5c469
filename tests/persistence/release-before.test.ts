import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createBridgeStore } from '../../src/persistence/bridge-store.ts'
import { createCallQueries } from '../../src/persistence/call-queries.ts'
import { type OpenTestDatabase, openTestDatabase } from '../support/open-database.ts'
import before from './statements-before.json' with { type: 'json' }

/* While a release is rolled out, nodes of the one before write calls with the statements that it had, word for word. */

const NODE = '01900000-0000-7000-8000-00000000000a'
const text = (lines: string[]) => lines.join('\n')

let db: OpenTestDatabase
beforeAll(async () => {
  db = await openTestDatabase()
})
afterAll(() => db.drop())
beforeEach(() => db.query('truncate call_log, actor_job cascade'))

const step = (state: string, outcome: string | null = null) => ({
  snapshot: {},
  chart_version: '3',
  state,
  bridge: null,
  voice_state: 'default',
  voice_id: null,
  node_id: NODE,
  is_bridged: state === 'bridged',
  bridge_number: 1,
  conversation_id: null,
  outcome,
  fault: outcome && 'nobody',
})
const event = (type: string) =>
  JSON.stringify({
    event_id: null,
    type,
    event: { type, node: NODE },
    state_before: 'x',
    state_after: 'y',
    effects: [],
  })
const job = { task: 'hang-up-leg', payload: {}, key: 'k', queue: null, attempts: 1 }

async function open(state: string): Promise<string> {
  const id = randomUUID()
  const call = {
    id,
    provider: 'twilio',
    provider_call_id: id,
    direction: 'inbound',
    from_number: '+1',
    to_number: '+2',
    agent_id: null,
    public_origin: 'https://x',
    media_secret: 's',
    sample_key: null,
    caller_verification: null,
    voice_withheld: null,
    ...step(state),
  }
  const place = state === 'rejected' ? [null, null] : [1_000, false]
  const sides = [event('call.began'), '[]', '[]', JSON.stringify([job])]
  await db.query(text(before.open), [JSON.stringify(call), ...sides, ...place])
  return id
}

let seq = 1
async function move(id: string, state: string, { type = 'leg.asked', outcome = null as string | null } = {}) {
  const [row] = await db.query<{ seq: number }>('select last_seq as seq from call_log where id = $1', [id])
  seq = row?.seq ?? 0
  const sides = [event(type), '[]', '[]', '[]', '{}']
  const written = await db.query(text(before.step), [id, seq, JSON.stringify(step(state, outcome)), ...sides])
  expect(written).toHaveLength(1)
}

const columns = async (id: string) =>
  (
    await db.query<object>(
      `select takes_capacity as takes, is_bridged as bridged, awaits_last_word as awaits from call_log where id = $1`,
      [id],
    )
  )[0]

describe('a call that a node of the release before writes', () => {
  it('takes its place in the counts, and gives it back', async () => {
    const { countInCapacity } = createCallQueries(db.database)
    const id = await open('greeting')
    await open('rejected')
    expect(await countInCapacity()).toBe(1)
    await move(id, 'ended', { outcome: 'caller_hung_up' })
    expect(await countInCapacity()).toBe(0)
  })

  it('has the columns of its state, step by step', async () => {
    const id = await open('greeting')
    expect(await columns(id)).toEqual({ takes: true, bridged: false, awaits: false })
    await move(id, 'bridged', { type: 'media.joined' })
    expect(await columns(id)).toEqual({ takes: true, bridged: true, awaits: false })
    const bridges = createBridgeStore(db.database)
    expect(await bridges.heldBy(NODE)).toMatchObject([{ callId: id, bridgeNumber: 1 }])
    await move(id, 'closing')
    expect(await columns(id)).toEqual({ takes: true, bridged: false, awaits: true })
    expect(await bridges.heldBy(NODE)).toEqual([])
    expect(await bridges.movableFrom(NODE)).toMatchObject([{ callId: id }])
    await move(id, 'ended', { outcome: 'agent_ended' })
    expect(await columns(id)).toEqual({ takes: false, bridged: false, awaits: false })
  })

  it('leaves its jobs where either release finds them', async () => {
    await open('greeting')
    expect(await db.query('select task, attempts from actor_job')).toEqual([
      { task: 'hang-up-leg', attempts: 1 },
    ])
    await db.query(text(before.dispatch))
    expect(await db.query('select 1 from actor_job')).toEqual([])
    expect(await db.query('select task_identifier as task from graphile_worker.jobs')).toEqual([
      { task: 'hang-up-leg' },
    ])
  })
})
