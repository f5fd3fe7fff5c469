import { randomUUID } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { CallEvent } from '../../machines/call-events.ts'
import { beginCall, stepCall } from '../../src/calls/step.ts'
import type { CallStore, NewCall } from '../../src/calls/store.ts'
import { INPUTS } from '../../src/model/call-model.ts'
import { createCallQueries } from '../../src/persistence/call-queries.ts'
import { createCallStore } from '../../src/persistence/call-store.ts'
import { createSipLegStore } from '../../src/persistence/sip-leg-store.ts'
import { type OpenTestDatabase, openTestDatabase } from '../support/open-database.ts'

/* Legs as the store keeps them: each with an id of its own, whatever its carrier and its call are called. */

const NODE = '01900000-0000-7000-8000-00000000000a'
const GONE = '01900000-0000-7000-8000-00000000000b'

let db: OpenTestDatabase
let store: CallStore
beforeAll(async () => {
  db = await openTestDatabase()
  store = createCallStore(db.callPool)
})
afterAll(() => db.drop())
beforeEach(() => db.query('truncate call_log cascade'))

const newCall = (providerCallId: string | null): NewCall => ({
  id: uuidv7(),
  legId: uuidv7(),
  provider: 'twilio',
  providerCallId,
  direction: 'inbound',
  from: '+15550100001',
  to: '+15550199999',
  publicOrigin: 'https://voice.example',
  mediaSecret: 's',
})

const open = (call: NewCall) =>
  store.open(call, () => beginCall(call.id, { ...INPUTS['default voice'], legId: call.legId }), {
    nodeId: NODE,
    capacity: 10,
  })

const say = (callId: string, event: CallEvent) => store.step(callId, {}, (row) => stepCall(row, event), NODE)

const legsOf = (callId: string) => createCallQueries(db.database).legs(callId)
const called = (providerCallId: string) => ({ provider: 'twilio', providerCallId }) as const

describe('a leg', () => {
  it('is found by the id that its carrier has for it, with its call', async () => {
    const call = newCall('CA1')
    const opened = await open(call)
    const leg = { id: call.legId, role: 'caller', provider: 'twilio', providerCallId: 'CA1' }
    expect(opened.row.legs).toEqual([leg])
    expect(await store.find(called('CA1'))).toMatchObject({ id: call.id, legs: [leg] })
    expect(await store.find({ provider: 'sip', providerCallId: 'CA1' })).toBeNull()
  })

  it('may be there before its carrier knows it, and is named once', async () => {
    const call = newCall(null)
    await open(call)
    expect((await store.find(call.id))?.legs).toMatchObject([{ providerCallId: null }])
    expect(await store.nameLeg(call.legId, 'CA1')).toBe(true)
    expect(await store.nameLeg(call.legId, 'CA1')).toBe(true)
    expect(await store.nameLeg(call.legId, 'CA2')).toBe(false)
    expect((await store.find(called('CA1')))?.id).toBe(call.id)
    expect(await store.find(called('CA2'))).toBeNull()
    // Nodes of the release before look for it there.
    expect(await db.query('select provider_call_id as id from call_log')).toEqual([{ id: 'CA1' }])
  })

  it('that nobody knows has no name, and none that is another leg’s', async () => {
    const unnamed = newCall(null)
    await open(unnamed)
    await open(newCall('CA1'))
    expect(await store.nameLeg(randomUUID(), 'CA2')).toBe(false)
    expect(await store.nameLeg(unnamed.legId, 'CA1')).toBe(false)
    expect((await store.find(unnamed.id))?.legs).toMatchObject([{ providerCallId: null }])
  })

  it('is named while its call makes a step, and neither waits for the other for ever', async () => {
    const call = newCall(null)
    await open(call)
    await Promise.all([
      store.nameLeg(call.legId, 'CA1'),
      say(call.id, { type: 'leg.ended', status: 'completed' }),
    ])
    expect(await legsOf(call.id)).toMatchObject([{ providerCallId: 'CA1', endReason: 'caller_hung_up' }])
  })
})

describe('two calls with one id of a carrier', () => {
  it('are one', async () => {
    const [first, second] = await Promise.all([open(newCall('CA1')), open(newCall('CA1'))])
    expect(first.row.id).toBe(second.row.id)
    expect([first.created, second.created].sort()).toEqual([false, true])
    expect(await db.query('select 1 from call_leg')).toHaveLength(1)
  })

  it('are the one whose leg was named so', async () => {
    const unnamed = newCall(null)
    await open(unnamed)
    await store.nameLeg(unnamed.legId, 'CA1')
    expect(await open(newCall('CA1'))).toMatchObject({ created: false, row: { id: unnamed.id } })
  })
})

describe('the end of a leg', () => {
  it('is written by the step in which it is gone', async () => {
    const call = newCall('CA1')
    await open(call)
    await say(call.id, { type: 'leg.instructionsRequested', leg: call.legId })
    expect(await legsOf(call.id)).toMatchObject([{ id: call.legId, endedAt: null, endReason: null }])
    await say(call.id, { type: 'leg.ended', leg: call.legId, status: 'busy' })
    const [row] = await db.query<{ at: Date }>('select ended_at as at from call_log')
    expect(await legsOf(call.id)).toMatchObject([{ endedAt: row?.at, endReason: 'caller_busy' }])
  })

  it('comes with that of its call, for the same reason', async () => {
    const call = newCall('CA1')
    await open(call)
    const timeUp = { type: 'xstate.after.CALL_MAX.call' } as const
    await store.step(call.id, {}, (row) => stepCall(row, timeUp), NODE)
    expect(await legsOf(call.id)).toMatchObject([{ endedAt: expect.any(Date), endReason: 'too_long' }])
  })

  it('is no end of it when it is said of a leg that the call does not have', async () => {
    const call = newCall('CA1')
    await open(call)
    const said = await say(call.id, { type: 'leg.ended', leg: randomUUID(), status: 'completed' })
    expect(said?.step).toBeNull()
    expect(await legsOf(call.id)).toMatchObject([{ endedAt: null }])
  })
})

describe('beside a node of the release before', () => {
  /** The statements of chart 3, as far as they touch a call's carrier. */
  async function openedByChart3(): Promise<string> {
    const id = uuidv7()
    await db.query(
      `insert into call_log (id, provider, provider_call_id, direction, from_number, to_number, public_origin,
         media_secret, state, voice_state, snapshot, chart_version, last_seq)
       values ($1, 'sip', 'sip-1', 'inbound', '+1', '+2', 'sip:', 's', 'hold', 'default', '{}', '3.676a664e', 1)
       on conflict (provider, provider_call_id) do nothing`,
      [id],
    )
    return id
  }

  it('a call that it opens has a leg, and one that it ends has none left', async () => {
    const id = await openedByChart3()
    expect((await store.find({ provider: 'sip', providerCallId: 'sip-1' }))?.legs).toEqual([
      { id, role: 'caller', provider: 'sip', providerCallId: 'sip-1' },
    ])
    await db.query(`update call_log set ended_at = now(), outcome = 'media_lost' where id = $1`, [id])
    expect(await legsOf(id)).toMatchObject([{ endedAt: expect.any(Date), endReason: 'media_lost' }])
  })

  it('a SIP leg that it holds is ended by others, and one of ours by it', async () => {
    const id = await openedByChart3()
    await db.query(
      `insert into sip_leg (call_id, node_id, media_server, channel, dialog_id) values ($1, $2, 'fs', 'c', 'd')`,
      [id, GONE],
    )
    expect(await createSipLegStore(db.database, NODE).takeAbandoned()).toMatchObject([
      { legId: id, callId: id, providerCallId: 'sip-1', dialogId: 'd' },
    ])
    const ours = createSipLegStore(db.database, GONE)
    await ours.hold({ legId: id, callId: id, mediaServer: 'fs', channel: 'c', dialogId: null })
    await db.query(`update sip_leg set dialog_id = 'd2' where call_id = $1`, [id])
    const taken = await db.query(
      `delete from sip_leg l using call_log c where c.id = l.call_id
       returning c.provider_call_id as "providerCallId", dialog_id as "dialogId"`,
    )
    expect(taken).toEqual([{ providerCallId: 'sip-1', dialogId: 'd2' }])
  })
})
