import { describe, expect, test } from 'vitest'
import { DEFAULT_AGENT } from '../../src/calls/agent-settings.ts'
import { agentWarnings } from '../../src/config/agent-warnings.ts'
import { loadConfig } from '../../src/config/config.ts'

const KEYS = { ELEVENLABS_API_KEY: 'e', ELEVENLABS_AGENT_ID: 'a', OPENAI_API_KEY: 'o' }
const TODAY = new Date('2026-12-01')
const OPENAI = { ...DEFAULT_AGENT, backend: 'openai' as const }

const findings = (agent: Partial<typeof DEFAULT_AGENT>, env: Record<string, string> = KEYS) =>
  agentWarnings(loadConfig(env), { ...DEFAULT_AGENT, ...agent }, TODAY)

describe('an agent', () => {
  test('of ElevenLabs is nothing to warn of', () => {
    expect(findings({})).toEqual([])
  })

  test('of OpenAI speaks in its own voice only', () => {
    expect(findings(OPENAI)).toMatchObject([
      { kind: 'clones', finding: expect.stringContaining('cannot speak cloned voices') },
    ])
  })

  test('whose vendor has no key here only gives apologies', () => {
    expect(findings(OPENAI, {})).toMatchObject([
      { kind: 'key', finding: expect.stringMatching(/^OPENAI_API_KEY is not set/) },
      {},
    ])
    expect(findings({ backend: 'openai-live' }, {})).toMatchObject([
      { kind: 'key', finding: expect.stringMatching(/^OPENAI_API_KEY is not set/) },
      {},
    ])
    expect(findings({}, {})).toMatchObject([
      { kind: 'key', finding: expect.stringMatching(/^ELEVENLABS_API_KEY is not set/) },
    ])
  })

  test('that was set up before with what its backend cannot do says what, and so does one whose model ends', () => {
    expect(findings({ ...OPENAI, voiceId: 'a-clone', model: 'gpt-realtime' })).toMatchObject([
      { finding: expect.stringMatching(/^voiceId must be/) },
      { finding: 'the model gpt-realtime ends on 2027-01-20, and calls to this agent with it' },
      {},
    ])
  })
})
