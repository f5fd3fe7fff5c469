import pino from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { WireAudio } from '../../src/audio/audio-format.ts'
import { CallHost } from '../../src/calls/call-host.ts'
import { type AgentAudioStore, createAgentAudioStore } from '../../src/persistence/agent-audio-store.ts'
import { type AgentDraft, createAgentStore } from '../../src/persistence/agent-store.ts'
import { createCallStore } from '../../src/persistence/call-store.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { type OpenTestDatabase, openTestDatabase } from '../support/open-database.ts'

const NUMBER_OF_ANN = '+15550199001'
const TELEPHONE: WireAudio = { encoding: 'mulaw', rate: 8000, wire: 'base64' }
const WIDEBAND: WireAudio = { encoding: 'l16', rate: 16_000, wire: 'base64' }

let db: OpenTestDatabase
let host: CallHost
let store: AgentAudioStore
let ann: string
beforeAll(async () => {
  db = await openTestDatabase()
  store = createAgentAudioStore(db.database, 'default')
  const draft: AgentDraft = {
    name: 'Ann',
    backend: 'elevenlabs',
    numbers: [NUMBER_OF_ANN],
    tools: [],
    vendorAgentId: null,
    model: null,
    turnDetection: null,
    voiceId: null,
    instructions: null,
    firstMessage: null,
    language: null,
    transferNumber: null,
  }
  ann = (await createAgentStore(db.database).create(draft)).id
  host = new CallHost({
    store: createCallStore(db.callPool),
    clock: new ManualClock(),
    log: pino({ level: 'silent' }),
    nodeId: '01900000-0000-7000-8000-00000000000a',
    limits: {
      cloneMaxWaitMs: 35_000,
      legPatienceMs: 60_000,
      agentConnectMs: 10_000,
      greetingOverdueMs: 16_000,
      roundOverdueMs: 8_000,
      agentRecoveryMs: 10_000,
      agentPausesMs: [500, 1_000],
      callMaxMs: 14_400_000,
    },
    maxConcurrentCalls: 100,
    isDraining: () => false,
  })
})
afterAll(async () => {
  await host.stop()
  await db.drop()
})

let calls = 0
async function callTo(to: string): Promise<string> {
  const call = { provider: 'sip', providerCallId: `${++calls}@phone`, direction: 'inbound' } as const
  return (await host.open({ ...call, from: '+15550100001', to, publicOrigin: 'sip:' })).row.id
}
const versions = () => db.query<{ xmin: string }>('select agent_id, xmin from agent_audio order by agent_id')

test('nothing is known of an agent that nobody has met, nor of a call that there is not', async () => {
  expect(await store.ratesFor(await callTo(NUMBER_OF_ANN))).toBeNull()
  expect(await store.ratesFor('01900000-0000-7000-8000-00000000000b')).toBeNull()
})

test('a call gets the rates of its own agent, one that names none those of the default', async () => {
  await store.keep(ann, { inputFormat: WIDEBAND, outputFormat: TELEPHONE })
  await store.keep('default', { inputFormat: TELEPHONE, outputFormat: WIDEBAND })
  expect(await store.ratesFor(await callTo(NUMBER_OF_ANN))).toEqual({ input: 16_000, output: 8000 })
  expect(await store.ratesFor(await callTo('+15550199999'))).toEqual({ input: 8000, output: 16_000 })
})

test('what is known already is not written again, and what has changed is', async () => {
  const before = await versions()
  await store.keep(ann, { inputFormat: WIDEBAND, outputFormat: TELEPHONE })
  expect(await versions()).toEqual(before)
  await store.keep(ann, { inputFormat: WIDEBAND, outputFormat: WIDEBAND })
  expect(await store.ratesFor(await callTo(NUMBER_OF_ANN))).toEqual({ input: 16_000, output: 16_000 })
})

test('many relays that meet an agent at once agree', async () => {
  await Promise.all(
    Array.from({ length: 20 }, () =>
      store.keep('crowded', { inputFormat: WIDEBAND, outputFormat: WIDEBAND }),
    ),
  )
  expect((await versions()).length).toBe(3)
})

test('an agent that is removed is forgotten', async () => {
  expect(await createAgentStore(db.database).remove(ann)).toBe(true)
  expect((await versions()).length).toBe(2)
})
