import pino from 'pino'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { CallView } from '../../machines/instructions.ts'
import { ActorFeed } from '../../src/actors/actor-feed.ts'
import { CallHost } from '../../src/calls/call-host.ts'
import type { CallFeed } from '../../src/calls/view.ts'
import { LIMITS } from '../../src/model/call-model.ts'
import { createCallStore } from '../../src/persistence/call-store.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { type OpenTestDatabase, openTestDatabase } from '../support/open-database.ts'
import { until } from '../support/until.ts'

const MINUTE_MS = 60_000

let db: OpenTestDatabase
let clock: ManualClock
let host: CallHost
beforeAll(async () => {
  db = await openTestDatabase()
})
afterAll(() => db.drop())
beforeEach(() => {
  clock = new ManualClock()
  host = new CallHost({
    store: createCallStore(db.callPool),
    clock: new ManualClock(),
    log: pino({ level: 'silent' }),
    nodeId: '01900000-0000-7000-8000-00000000000a',
    limits: LIMITS,
    maxConcurrentCalls: 100,
    isDraining: () => false,
  })
})

let calls = 0
async function beginCall(): Promise<string> {
  const { row } = await host.open({
    provider: 'twilio',
    providerCallId: `CA${++calls}`,
    direction: 'inbound',
    from: '+15550100002',
    to: '+15550199999',
    publicOrigin: 'https://voice.example',
  })
  return row.id
}

/** The feed of another node, which hears nothing of the host's steps: their news went with the node. */
function otherFeed(): CallFeed {
  return new ActorFeed({
    read: async (callId) => (await host.find({ callId }))?.view ?? null,
    findAhead: createCallStore(db.callPool).findAhead,
  })
}

it('finds the steps whose news was lost with the node that made them', async () => {
  const feed = otherFeed()
  const callId = await beginCall()
  const states: string[] = []
  const unwatch = feed.watch(callId, ({ state }) => states.push(state))
  feed.start(clock)
  await host.send({ callId }, { type: 'leg.instructionsRequested' })
  clock.advance(MINUTE_MS)
  await until('the state is found', () => states.includes('joining'))
  await until('the feed looks again', () => clock.pending === 1)
  await host.send({ callId }, { type: 'leg.ended', status: 'completed' })
  clock.advance(MINUTE_MS)
  await until('the end is found', () => states.includes('ended'))
  expect(states).toEqual(['joining', 'ended'])
  await until('the feed looks again', () => clock.pending === 1)
  unwatch()
  await feed.stop()
  expect(clock.pending).toBe(0)
})

it('tells nobody an older state after a newer one, and nothing twice', async () => {
  const feed = otherFeed()
  const callId = await beginCall()
  const early = (await host.find({ callId }))?.view as CallView
  const states: string[] = []
  feed.watch(callId, ({ state }) => states.push(state))
  const joining = await host.send({ callId }, { type: 'leg.instructionsRequested' })
  if (!joining) throw new Error('The call is not there.')
  feed.stepped({ id: callId, seq: 2, state: 'joining' }, joining.view)
  feed.stepped({ id: callId, seq: 1, state: 'greeting' }, early)
  await feed.heard({ id: callId, seq: 2, state: 'joining' })
  await feed.missed()
  expect(states).toEqual(['joining'])
})
