import pino from 'pino'
import { beforeEach, describe, expect, inject, onTestFinished, test } from 'vitest'
import { agentsCheck } from '../../src/doctor/agents.ts'
import { openAiAccountCheck } from '../../src/doctor/openai-account.ts'
import { createAgentStore } from '../../src/persistence/agent-store.ts'
import { type FaultyAnswer, QUOTA } from '../../src/simulator/openai/faults.ts'
import { type SimulatedOpenAi, startOpenAi } from '../../src/simulator/openai/start-openai.ts'
import { openTestDatabase } from '../support/open-database.ts'
import { deadOrigin, examine, named, serve, verdicts } from './examine.ts'

const API_KEY = 'sk-of-the-doctor-and-nobody-else'

let vendor: SimulatedOpenAi

beforeEach(async () => {
  vendor = await startOpenAi({ apiKey: API_KEY, log: pino({ level: 'silent' }) })
  onTestFinished(() => vendor.stop())
})

const account = (changes: Record<string, string> = {}) =>
  examine(openAiAccountCheck, { OPENAI_API_KEY: API_KEY, OPENAI_BASE_URL: vendor.url, ...changes })

describe('the account', () => {
  test('is in order, at either spelling of its address', async () => {
    const well = {
      'openai key': 'ok',
      'openai model': 'ok',
      'openai live model': 'ok',
      'openai transcription': 'ok',
    }
    expect(verdicts(await account())).toEqual(well)
    expect(verdicts(await account({ OPENAI_BASE_URL: `${vendor.url}/v1` }))).toEqual(well)
  })

  test('is not looked at without a key', async () => {
    expect(await examine(openAiAccountCheck, {})).toMatchObject([{ name: 'openai', verdict: 'skip' }])
  })

  test('does not have the models of the settings', async () => {
    const findings = await account({
      OPENAI_REALTIME_MODEL: 'parrot-1',
      OPENAI_LIVE_MODEL: 'parrot-3',
      OPENAI_TRANSCRIBE_MODEL: 'parrot-2',
    })
    expect(verdicts(findings)).toEqual({
      'openai key': 'ok',
      'openai model': 'FAIL',
      'openai live model': 'warn',
      'openai transcription': 'warn',
    })
    expect(named(findings, 'openai model')).toMatchObject({
      finding: 'the account has no model parrot-1',
      mend: expect.stringContaining('OPENAI_REALTIME_MODEL'),
    })
  })

  const forbidden = { error: { code: 'missing_scope', message: 'You have insufficient permissions.' } }
  test.each<[string, FaultyAnswer, string, string]>([
    ['no money', QUOTA, 'FAIL', '429 insufficient_quota'],
    ['few rights', { status: 403, body: forbidden }, 'warn', '403 missing_scope'],
    ['a broken proxy', { status: 502, body: '<h1>Bad Gateway</h1>' }, 'FAIL', '502'],
  ])('has %s', async (_, refusal, verdict, words) => {
    vendor.refuse = refusal
    expect(await account()).toMatchObject([
      { name: 'openai key', verdict, finding: expect.stringContaining(words) },
    ])
  })

  test('refuses a wrong key', async () => {
    expect(await account({ OPENAI_API_KEY: 'sk-wrong' })).toMatchObject([
      { verdict: 'FAIL', finding: expect.stringContaining('401 invalid_api_key') },
    ])
  })

  test('cannot be reached, or is something else', async () => {
    expect(await account({ OPENAI_BASE_URL: await deadOrigin() })).toMatchObject([
      { verdict: 'FAIL', finding: expect.stringContaining('nothing listens there') },
    ])
    const { origin } = await serve((_, response) => void response.end('<h1>Welcome</h1>'))
    expect(await account({ OPENAI_BASE_URL: origin })).toMatchObject([
      { verdict: 'FAIL', mend: expect.stringContaining('OPENAI_BASE_URL') },
    ])
  })
})

describe('the agents', () => {
  const ANN = {
    name: 'Ann',
    backend: 'openai' as const,
    vendorAgentId: null,
    model: null,
    voiceId: 'marin',
    instructions: null,
    firstMessage: null,
    language: null,
    turnDetection: null,
    tools: [],
    transferNumber: null,
    numbers: [],
  }
  const REAL = { ELEVENLABS_API_KEY: 'e', ELEVENLABS_AGENT_ID: 'a', TWILIO_AUTH_TOKEN: 't' }

  async function setUp() {
    const db = await openTestDatabase()
    onTestFinished(() => db.drop())
    const agents = createAgentStore(db.database)
    const check = (env: Record<string, string> = {}) =>
      examine(agentsCheck, { OPENAI_API_KEY: API_KEY, DATABASE_URL: db.url, ...env })
    return { db, agents, check }
  }

  test('are nothing to tell of where there are none, or where the database is away', async () => {
    const { check } = await setUp()
    expect(await check()).toEqual([])
    expect(await check({ DATABASE_URL: inject('postgresUrl') })).toEqual([])
    const nowhere = (await deadOrigin()).replace('http', 'postgres')
    expect(await check({ DATABASE_URL: `${nowhere}/nothing` })).toMatchObject([{ verdict: 'skip' }])
  })

  test('can speak as they are set up', async () => {
    const { agents, check } = await setUp()
    await agents.create(ANN)
    expect(await check()).toMatchObject([{ name: 'agents', verdict: 'ok', finding: '1 set up' }])
  })

  test('cannot speak cloned voices, which matters once a caller has one', async () => {
    const { db, agents, check } = await setUp()
    await agents.create(ANN)
    await db.query(
      `insert into caller_voice_mapping (caller_id, name, consent_by, consent_at, sample_key, created_at, updated_at)
       values ('+15550100001', 'Bob', 'Bob', now(), 'key', now(), now())`,
    )
    expect(await check()).toMatchObject([
      { verdict: 'warn', finding: expect.stringMatching(/^Ann: .*cannot speak cloned voices/) },
    ])
  })

  test('have no key to speak with, but in a demo', async () => {
    const { agents, check } = await setUp()
    await agents.create(ANN)
    expect(await check({ ...REAL, OPENAI_API_KEY: '' })).toMatchObject([
      { verdict: 'FAIL', finding: expect.stringContaining('OPENAI_API_KEY is not set') },
    ])
    expect(await check({ OPENAI_API_KEY: '' })).toMatchObject([{ verdict: 'ok' }])
  })

  test('were set up, by an earlier version, with a voice that is ElevenLabs’', async () => {
    const { agents, check } = await setUp()
    await agents.create({ ...ANN, voiceId: '21m00Tcm4TlvDq8ikWAM' })
    expect(await check()).toMatchObject([
      { verdict: 'warn', finding: expect.stringContaining('Ann: voiceId must be null') },
    ])
  })
})
