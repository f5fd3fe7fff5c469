import pino from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { CallEvent } from '../../machines/call-events.ts'
import type { SavedState } from '../../machines/saved-state.ts'
import { CallHost } from '../../src/calls/call-host.ts'
import { callCharts } from '../../src/calls/saved-call.ts'
import { LIMITS } from '../../src/model/call-model.ts'
import { createCallStore } from '../../src/persistence/call-store.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { type OpenTestDatabase, openTestDatabase } from '../support/open-database.ts'
import { streamClaim } from '../support/stream-claim.ts'

/* A call that a node of the release before has saved, and what such a node says to it. */

const NODE = '01900000-0000-7000-8000-00000000000a'

let db: OpenTestDatabase
let host: CallHost

beforeAll(async () => {
  db = await openTestDatabase()
})
afterAll(() => db.drop())
beforeEach(() => {
  host = new CallHost({
    store: createCallStore(db.callPool),
    clock: new ManualClock(),
    log: pino({ level: 'silent' }),
    nodeId: NODE,
    limits: LIMITS,
    maxConcurrentCalls: 100,
    isDraining: () => false,
  })
})
afterEach(async () => {
  await host.stop()
  await db.query('delete from call_log')
  await db.query('delete from actor_job')
})

async function talking(): Promise<string> {
  const call = { provider: 'twilio', providerCallId: 'CA1', direction: 'inbound' } as const
  const parties = { from: '+15550100002', to: '+15550199999', publicOrigin: 'https://voice.example' }
  const { row } = await host.open({ ...call, ...parties })
  const callId = row.id
  await host.send({ callId }, { type: 'leg.instructionsRequested' })
  await host.join(streamClaim(row))
  await host.send({ callId }, { type: 'agent.ready', bridgeNumber: 1, connection: 1, conversationId: 'c1' })
  return callId
}

const savedOf = async (callId: string) => (await host.find({ callId }))?.row.snapshot

describe('a call of chart 3', () => {
  /** What a node of the release before saves, and says in its own words. */
  const asChart3 = async (callId: string) => {
    const { value, status, context } = (await savedOf(callId)) as SavedState
    const { leg, conversation, ...others } = context as Record<string, Record<string, unknown>>
    const { bridgeNumber, ...restOfLeg } = leg ?? {}
    const { agentBridge, ...restOfTalk } = conversation ?? {}
    const was = {
      leg: { ...restOfLeg, attempt: bridgeNumber },
      conversation: { ...restOfTalk, bridgeNumber: agentBridge },
    }
    await db.query(`update call_log set chart_version = '3.676a664e', snapshot = $2::jsonb where id = $1`, [
      callId,
      JSON.stringify({ value, status, context: { ...others, ...was } }),
    ])
  }
  const heard = (event: object) => event as CallEvent

  it('is joined, goes on, and knows its bridge and that of its agent', async () => {
    const callId = await talking()
    await asChart3(callId)
    expect((await host.find({ callId }))?.view).toMatchObject({
      state: 'bridged',
      bridge: 'talking',
      context: { bridgeNumber: 1, agentBridge: 1 },
    })
    const lost = await host.send({ callId }, heard({ type: 'agent.lost', attempt: 1, cause: 'closed' }))
    expect(lost?.view).toMatchObject({ state: 'bridged', bridge: 'backingOff' })
    expect((await host.find({ callId }))?.row.chartVersion).toBe(callCharts.id)
  })

  it('takes what a node of that release hands over, and nothing about another bridge', async () => {
    const callId = await talking()
    const stray = await host.send({ callId }, heard({ type: 'media.lost', attempt: 2, clean: true }))
    expect(stray?.handled).toBe(false)
    const lost = await host.send({ callId }, heard({ type: 'media.lost', attempt: 1, clean: false }))
    expect(lost?.view.state).toBe('rejoining')
    const asked = await host.send({ callId }, heard({ type: 'leg.asked' }))
    expect(asked?.view).toMatchObject({ state: 'joining', context: { bridgeNumber: 2 } })
    const said = await db.query<{ type: string }>(
      `select type from call_event where call_id = $1 order by seq desc limit 1`,
      [callId],
    )
    expect(said).toEqual([{ type: 'leg.instructionsRequested' }])
  })
})
