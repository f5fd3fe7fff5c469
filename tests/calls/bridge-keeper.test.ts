import pino from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { CallEvent } from '../../machines/call-events.ts'
import { BridgeKeeper, type OpenSession } from '../../src/calls/bridge-keeper.ts'
import { CallHost } from '../../src/calls/call-host.ts'
import type { Provider } from '../../src/calls/ports.ts'
import { LIMITS } from '../../src/model/call-model.ts'
import { createBridgeStore } from '../../src/persistence/bridge-store.ts'
import { createCallStore } from '../../src/persistence/call-store.ts'
import { sessionName } from '../../src/persistence/feed-listener.ts'
import { OwnSession } from '../../src/persistence/own-session.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { type OpenTestDatabase, openTestDatabase } from '../support/open-database.ts'
import { streamClaim } from '../support/stream-claim.ts'

const HERE = '01900000-0000-7000-8000-00000000000a'
const THERE = '01900000-0000-7000-8000-00000000000b'
const ELSEWHERE = '01900000-0000-7000-8000-00000000000c'

let db: OpenTestDatabase
let calls = 0
/** What this node has of media sessions. */
let open: OpenSession[]
let sent: { callId: string; event: CallEvent }[]
let refreshed: string[]

beforeAll(async () => {
  db = await openTestDatabase()
})
afterAll(() => db.drop())
beforeEach(async () => {
  ;[open, sent, refreshed] = [[], [], []]
  await db.query('update call_log set ended_at = now() where ended_at is null')
  await db.query('delete from service_node')
  await db.query('insert into service_node (id, worker_ids) values ($1, $3), ($2, $3)', [HERE, THERE, []])
})

const hostOf = (nodeId: string) =>
  new CallHost({
    store: createCallStore(db.callPool),
    clock: new ManualClock(),
    nodeId,
    log: pino({ level: 'silent' }),
    limits: LIMITS,
    maxConcurrentCalls: 100,
    isDraining: () => false,
  })

const keeper = () =>
  new BridgeKeeper({
    register: createBridgeStore(db.database),
    nodeId: HERE,
    sessions: () => open,
    send: async (callId, event) => sent.push({ callId, event }),
    refresh: async (callId) => void refreshed.push(callId),
  })

/** A call whose media session this node is written down to hold. */
async function bridgedAt(nodeId: string, provider: Provider = 'twilio'): Promise<string> {
  const host = hostOf(nodeId)
  const { row } = await host.open({
    provider,
    providerCallId: `CA${++calls}`,
    direction: 'inbound' as const,
    from: '+15550100002',
    to: '+15550199999',
    publicOrigin: 'https://voice.example',
  })
  await host.send({ callId: row.id }, { type: 'leg.instructionsRequested' })
  await host.join(streamClaim(row))
  return row.id
}

const lost = (callId: string) => ({
  callId,
  event: { type: 'media.lost', leg: callId, bridgeNumber: 1, clean: false },
})
const ended = (callId: string) => ({
  callId,
  event: { type: 'leg.streamEnded', leg: callId, bridgeNumber: 1 },
})

describe('what is written of bridges, beside the sessions that there are', () => {
  it('is left alone where they agree, and of nodes that are there', async () => {
    const [held, joining] = [await bridgedAt(HERE), await bridgedAt(HERE)]
    await bridgedAt(THERE)
    open = [
      { callId: held, bridgeNumber: 1 },
      { callId: joining, bridgeNumber: null },
    ]
    const here = keeper()
    for (let looks = 0; looks < 3; looks++) await here.compare()
    await here.loseThoseOfNobody()
    expect({ sent, refreshed }).toEqual({ sent: [], refreshed: [] })
  })

  it('is put right at the second look, when a session is not there', async () => {
    const [twilio, sip] = [await bridgedAt(HERE), await bridgedAt(HERE, 'sip')]
    open = [{ callId: twilio, bridgeNumber: 7 }]
    const here = keeper()
    await here.compare()
    expect(sent).toEqual([])
    await here.compare()
    expect(sent).toHaveLength(2)
    expect(sent).toEqual(expect.arrayContaining([lost(twilio), ended(sip)]))
    // The session of another bridge is told how its call stands.
    expect(refreshed).toEqual([twilio])
  })

  it('tells a session whose call is bridged elsewhere how it stands, at the second look', async () => {
    const elsewhere = await bridgedAt(THERE)
    open = [{ callId: elsewhere, bridgeNumber: 1 }]
    const here = keeper()
    await here.compare()
    expect(refreshed).toEqual([])
    await here.compare()
    expect({ sent, refreshed }).toEqual({ sent: [], refreshed: [elsewhere] })
  })
})

describe('the bridges of another node', () => {
  it('have broken when it is gone', async () => {
    const [twilio, sip] = [await bridgedAt(THERE), await bridgedAt(THERE, 'sip')]
    await db.query('delete from service_node where id = $1', [THERE])
    await keeper().loseThoseOfNobody()
    expect(sent).toHaveLength(2)
    expect(sent).toEqual(expect.arrayContaining([lost(twilio), ended(sip)]))
  })

  it('are its own for another look when it has only lost its place, and has its session', async () => {
    await bridgedAt(THERE)
    const gone = await bridgedAt(ELSEWHERE)
    const open = (id: string) => OwnSession.open({ url: db.url, name: sessionName(id) })
    const sessions = [await open(THERE), await open(ELSEWHERE)]
    await db.query('delete from service_node where id = $1', [THERE])
    const here = keeper()
    await here.loseThoseOfNobody()
    expect(sent).toEqual([])
    // By the next look the one that lives has written itself down again.
    await db.query('insert into service_node (id, worker_ids) values ($1, $2)', [THERE, []])
    await here.loseThoseOfNobody()
    expect(sent).toEqual([lost(gone)])
    for (const session of sessions) session.end()
  })

  it('are led away when it answers nobody, but for legs that it holds itself', async () => {
    const [sip, own, twilio] = [
      await bridgedAt(THERE, 'sip'),
      await bridgedAt(THERE, 'sip'),
      await bridgedAt(THERE),
    ]
    const leg = `insert into sip_leg (call_id, node_id, media_server, channel) values ($1, $2, 'fs:8021', 'channel')`
    await db.query(leg, [sip, HERE])
    await db.query(leg, [own, THERE])
    await keeper().leadAwayFrom(THERE)
    const asked = { callId: twilio, event: { type: 'relay.unresponsive', leg: twilio, bridgeNumber: 1 } }
    expect(sent).toHaveLength(2)
    expect(sent).toEqual(expect.arrayContaining([ended(sip), asked]))
  })
})
