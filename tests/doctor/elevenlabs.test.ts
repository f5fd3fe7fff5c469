import pino from 'pino'
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import { clonedVoicesCheck } from '../../src/doctor/cloned-voices.ts'
import { elevenLabsAccountCheck } from '../../src/doctor/elevenlabs-account.ts'
import { elevenLabsAgentCheck, SENT_VARIABLES } from '../../src/doctor/elevenlabs-agent.ts'
import { formatFinding } from '../../src/doctor/print.ts'
import type { AgentRequest } from '../../src/media/agent-port.ts'
import { type SimulatedElevenLabs, startElevenLabs } from '../../src/simulator/elevenlabs/start-elevenlabs.ts'
import { initiation } from '../../src/voice-agents/elevenlabs/initiation.ts'
import { readText } from '../support/markdown-tables.ts'
import { deadOrigin, examine, named, serve, vendor, verdicts } from './examine.ts'

const API_KEY = 'sk_a-key-that-nobody-may-see'
const AGENT_ID = 'agent_of_the_doctor'

let elevenLabs: SimulatedElevenLabs

beforeEach(async () => {
  elevenLabs = await startElevenLabs({ apiKey: API_KEY, agentId: AGENT_ID, log: pino({ level: 'silent' }) })
})

afterEach(() => elevenLabs.stop())

const settings = (changes: Record<string, string> = {}): Record<string, string> => ({
  ELEVENLABS_API_KEY: API_KEY,
  ELEVENLABS_AGENT_ID: AGENT_ID,
  ELEVENLABS_BASE_URL: elevenLabs.url,
  ...changes,
})

const account = (env = settings()) => examine(elevenLabsAccountCheck, env)
const agent = (env = settings(), fix = false) => examine(elevenLabsAgentCheck, env, { fix })

describe('the account', () => {
  test('is in order', async () => {
    expect(verdicts(await account())).toEqual({
      'elevenlabs key': 'ok',
      'elevenlabs cloning': 'ok',
      'elevenlabs voice slots': 'ok',
      'greeting voice': 'ok',
    })
  })

  test('is simulated without a key', async () => {
    expect(await account({})).toMatchObject([
      { verdict: 'skip', finding: expect.stringMatching(/^simulated/) },
    ])
  })

  test('refuses a wrong key, and nothing more is asked', async () => {
    const findings = await account(settings({ ELEVENLABS_API_KEY: 'sk_wrong' }))
    expect(findings).toMatchObject([
      { name: 'elevenlabs key', verdict: 'FAIL', finding: expect.stringContaining('401 invalid_api_key') },
    ])
    expect(findings[0]?.mend).toContain('ELEVENLABS_API_KEY')
  })

  test('does not have the greeting’s voice', async () => {
    const finding = named(await account(settings({ GREETING_VOICE_ID: 'nobody' })), 'greeting voice')
    expect(finding).toMatchObject({ verdict: 'FAIL', mend: expect.stringContaining('GREETING_VOICE_ID') })
  })

  test('is behind something that answers with a web page', async () => {
    elevenLabs.answerHtml = 502
    expect(await account()).toMatchObject([{ verdict: 'FAIL', finding: expect.stringContaining('502') }])
  })

  test('cannot be reached', async () => {
    const findings = await account(settings({ ELEVENLABS_BASE_URL: await deadOrigin() }))
    expect(findings).toMatchObject([
      { verdict: 'FAIL', finding: expect.stringContaining('nothing listens there') },
    ])
    expect(findings[0]?.mend).toContain('ELEVENLABS_BASE_URL')
  })

  test('hangs', async () => {
    const { origin } = await serve(() => {})
    const env = settings({ ELEVENLABS_BASE_URL: origin })
    expect(await examine(elevenLabsAccountCheck, env, { limitMs: 50 })).toMatchObject([
      { name: 'elevenlabs', verdict: 'FAIL', finding: 'no answer within 0.05 s' },
    ])
  })

  const PLAN = {
    tier: 'creator',
    status: 'active',
    voice_limit: 30,
    voice_slots_used: 1,
    max_voice_add_edits: 95,
    voice_add_edit_counter: 3,
    can_use_instant_voice_cloning: true,
  }

  test.each<[name: string, plan: object, finding: string, verdict: string, words: RegExp]>([
    ['no slot left', { voice_slots_used: 30 }, 'elevenlabs voice slots', 'FAIL', /^0 of 30 left/],
    ['more voices than slots', { voice_slots_used: 31 }, 'elevenlabs voice slots', 'FAIL', /^0 of 30 left/],
    ['hardly a slot left', { voice_slots_used: 28 }, 'elevenlabs voice slots', 'warn', /^2 of 30 left/],
    [
      'no additions left',
      { voice_add_edit_counter: 95 },
      'elevenlabs voice slots',
      'FAIL',
      /all 95 voice add/,
    ],
    [
      'no cloning',
      { can_use_instant_voice_cloning: false },
      'elevenlabs cloning',
      'FAIL',
      /no instant voice/,
    ],
    ['unlimited additions', { max_voice_add_edits: null }, 'elevenlabs voice slots', 'ok', /^29 of 30/],
  ])('has a plan with %s', async (_name, plan, name, verdict, words) => {
    const origin = await vendor({ '/v1/user/subscription': { ...PLAN, ...plan } })
    const finding = named(await account(settings({ ELEVENLABS_BASE_URL: origin })), name)
    expect(finding).toMatchObject({ verdict, finding: expect.stringMatching(words) })
  })

  test('gave out a key that may not ask for the plan', async () => {
    const detail = { status: 'missing_permissions', message: 'The API key is missing user_read' }
    const origin = await vendor({
      '/v1/user/subscription': { status: 401, body: { detail } },
      '/v1/voices/21m00Tcm4TlvDq8ikWAM': { name: 'Rachel' },
    })
    const findings = await account(settings({ ELEVENLABS_BASE_URL: origin }))
    expect(verdicts(findings)).toEqual({ 'elevenlabs key': 'warn', 'greeting voice': 'ok' })
    expect(findings[0]?.mend).toContain('permissions')
  })

  test('answers in a form that nobody knows', async () => {
    const origin = await vendor({ '/v1/user/subscription': { tier: 'creator', status: 'active' } })
    const [finding] = await account(settings({ ELEVENLABS_BASE_URL: origin }))
    expect(finding).toMatchObject({ verdict: 'FAIL', finding: expect.stringContaining('voice_limit') })
  })
})

test('nothing is said of cloned voices where there is no vendor, or no database to ask', async () => {
  expect(await examine(clonedVoicesCheck, {})).toEqual([])
  const nowhere = `postgres://user@127.0.0.1:${new URL(await deadOrigin()).port}/app`
  expect(await examine(clonedVoicesCheck, settings({ DATABASE_URL: nowhere }))).toMatchObject([
    { name: 'cloned voices', verdict: 'skip' },
  ])
  expect(await examine(clonedVoicesCheck, settings({ DATABASE_URL: inject('postgresUrl') }))).toMatchObject([
    { verdict: 'ok', finding: 'none is kept' },
  ])
})

describe('the agent', () => {
  const ALL_WELL = {
    'elevenlabs agent': 'ok',
    'agent audio formats': 'ok',
    'agent voice override': 'ok',
    'agent other overrides': 'ok',
    'agent client events': 'ok',
    'agent variables': 'ok',
  }

  /** The agent as the vendor has it; a test may change it. */
  const vendors = () =>
    structuredClone(elevenLabs.agents.get(AGENT_ID)) as NonNullable<ReturnType<typeof elevenLabs.agents.get>>
  const change = (to: (config: ReturnType<typeof vendors>) => void) => {
    const config = vendors()
    to(config)
    elevenLabs.agents.set(AGENT_ID, config)
    return config
  }

  test('is as a telephone needs it', async () => {
    expect(verdicts(await agent())).toEqual(ALL_WELL)
  })

  test('is simulated without a key, and not looked at without its id', async () => {
    expect(await agent({})).toMatchObject([{ verdict: 'skip', finding: expect.stringMatching(/^simulated/) }])
    expect(await agent(settings({ ELEVENLABS_AGENT_ID: '' }))).toMatchObject([{ verdict: 'skip' }])
  })

  test('does not exist', async () => {
    const findings = await agent(settings({ ELEVENLABS_AGENT_ID: 'agent_of_nobody' }))
    expect(findings).toMatchObject([{ name: 'elevenlabs agent', verdict: 'FAIL' }])
    expect(findings[0]?.mend).toContain('ELEVENLABS_AGENT_ID')
  })

  type Fault = [
    name: string,
    to: (config: ReturnType<typeof vendors>) => void,
    finding: keyof typeof ALL_WELL,
    verdict: string,
    words: string,
  ]
  const FAULTS: Fault[] = [
    [
      'hears a format that is not known',
      ({ conversation_config: { asr } }) => {
        asr.user_input_audio_format = 'alaw_8000' as typeof asr.user_input_audio_format
      },
      'agent audio formats',
      'FAIL',
      'hears alaw_8000',
    ],
    [
      'speaks a format that is not known',
      ({ conversation_config: { tts } }) => {
        tts.agent_output_audio_format = 'opus_48000' as typeof tts.agent_output_audio_format
      },
      'agent audio formats',
      'FAIL',
      'speaks opus_48000',
    ],
    [
      'lets no call bring its voice',
      ({ platform_settings: { overrides } }) => {
        overrides.conversation_config_override = { tts: { voice_id: false, speed: true }, agent: ALL_AGENT }
      },
      'agent voice override',
      'FAIL',
      'switched off',
    ],
    [
      'lets no call change its prompt',
      ({ platform_settings: { overrides } }) => {
        overrides.conversation_config_override = {
          tts: { voice_id: true },
          agent: { ...ALL_AGENT, prompt: { prompt: false, llm: true } },
        }
      },
      'agent other overrides',
      'warn',
      'switched off: prompt',
    ],
    [
      'knows of no overrides for a call’s words',
      ({ platform_settings: { overrides } }) => {
        overrides.conversation_config_override = { tts: { voice_id: true }, agent: null }
      },
      'agent other overrides',
      'warn',
      'switched off: first_message, language, prompt',
    ],
    [
      'tells only of audio',
      ({ conversation_config: { conversation } }) => {
        conversation.client_events = ['audio', 'interruption', 'vad_score']
      },
      'agent client events',
      'FAIL',
      'agent_response, agent_response_correction, user_transcript, ping',
    ],
    [
      'does not tell of its tools',
      ({ conversation_config: { conversation } }) => {
        const { client_events } = conversation
        conversation.client_events = client_events.filter((event) => event !== 'agent_tool_response')
      },
      'agent client events',
      'warn',
      'it does not send agent_tool_response',
    ],
  ]
  const ALL_AGENT = { first_message: true, language: true, prompt: { prompt: true } }

  test.each(FAULTS)('%s', async (_name, to, name, verdict, words) => {
    change(to)
    const findings = await agent()
    expect(verdicts(findings)).toEqual({ ...ALL_WELL, [name]: verdict })
    const finding = named(findings, name)
    expect(finding.finding).toContain(words)
    expect(finding.mend).toContain('elevenlabs.io')
    expect(finding.fix).toBeDefined()
  })

  test('is shown in docs/doctor.md as it is printed', async () => {
    change(({ platform_settings: { overrides } }) => {
      overrides.conversation_config_override = { tts: { voice_id: false }, agent: ALL_AGENT }
    })
    const finding = named(await agent(), 'agent voice override')
    expect(readText('docs/doctor.md').split('\n')).toContain(formatFinding(finding))
  })

  test.each(FAULTS)('%s, and is mended', async (_name, to, name) => {
    change(to)
    const findings = await agent(settings(), true)
    expect(verdicts(findings)).toEqual(ALL_WELL)
    expect(named(findings, name).finding).toMatch(/^mended: /)
    expect(verdicts(await agent())).toEqual(ALL_WELL)
  })

  test('keeps everything else when it is mended', async () => {
    const before = change((config) => {
      for (const [, to] of FAULTS) to(config)
      config.platform_settings.overrides.conversation_config_override = {
        tts: { voice_id: false, speed: true },
      }
      config.conversation_config.vad = { background_voice_detection: true }
      config.a_field_from_next_year = { kept: [1, 2, 3] }
    })
    await agent(settings(), true)
    const after = vendors()
    expect(after).toEqual({
      ...before,
      metadata: after.metadata,
      conversation_config: {
        ...before.conversation_config,
        asr: { ...before.conversation_config.asr, user_input_audio_format: 'ulaw_8000' },
        tts: { ...before.conversation_config.tts, agent_output_audio_format: 'ulaw_8000' },
        conversation: {
          ...before.conversation_config.conversation,
          client_events: expect.arrayContaining(['vad_score', 'client_tool_call', 'audio']),
        },
      },
      platform_settings: {
        ...before.platform_settings,
        overrides: {
          ...before.platform_settings.overrides,
          conversation_config_override: { tts: { voice_id: true, speed: true }, agent: ALL_AGENT },
        },
      },
    })
    const events = after.conversation_config.conversation.client_events
    expect(events).toHaveLength(new Set(events).size)
  })

  test.each([
    ['ulaw_8000', 'pcm_16000', {}, 'warn', 'calls are transcoded'],
    ['pcm_24000', 'ulaw_8000', { ENABLE_SIP_HANDLER: 'true' }, 'warn', 'calls are transcoded'],
    ['pcm_16000', 'pcm_16000', {}, 'warn', 'calls are transcoded'],
    ['pcm_16000', 'pcm_8000', { ENABLE_SIP_HANDLER: 'true' }, 'ok', 'as SIP calls can'],
  ] as const)('hears %s and speaks %s, with %j', async (hears, speaks, sip, verdict, words) => {
    change(({ conversation_config: { asr, tts } }) => {
      asr.user_input_audio_format = hears
      tts.agent_output_audio_format = speaks
    })
    const findings = await agent(settings(sip), true)
    expect(named(findings, 'agent audio formats')).toMatchObject({
      verdict,
      finding: expect.stringContaining(words),
    })
    // A hint is no reason to change an agent that others may use.
    expect(vendors().conversation_config.asr.user_input_audio_format).toBe(hears)
  })

  test('uses variables that no call brings', async () => {
    change(({ conversation_config: { agent } }) => {
      agent.first_message = 'Hello {{ first_name }}, you called {{called_number}} at {{system__time_utc}}.'
      agent.prompt.prompt = 'Be kind to {{first_name}}, who likes {{colour}}, for {{company}}.'
      agent.dynamic_variables = { dynamic_variable_placeholders: { company: 'Acme' } }
    })
    const findings = await agent()
    expect(verdicts(findings)).toEqual({ ...ALL_WELL, 'agent variables': 'warn' })
    expect(named(findings, 'agent variables').finding).toContain('its texts use first_name, colour,')
  })

  test('is brought the variables that the doctor counts on', () => {
    const agent = { firstMessage: null, language: null, instructions: null } as AgentRequest['agent']
    const request = {
      callId: 'c',
      from: 'f',
      to: 't',
      voiceId: null,
      refusedOverrides: [],
      conversationSoFar: [],
      agent,
    }
    const { dynamic_variables } = JSON.parse(initiation(request as AgentRequest))
    expect(Object.keys(dynamic_variables)).toEqual(SENT_VARIABLES)
  })

  test('cannot be mended with a key that may only look', async () => {
    const config = change(FAULTS[0]?.[1] ?? (() => {}))
    const { origin } = await serve((request, response) => {
      response.writeHead(request.method === 'GET' ? 200 : 403, { 'content-type': 'application/json' })
      response.end(
        JSON.stringify(request.method === 'GET' ? config : { detail: { message: 'You may not.' } }),
      )
    })
    const findings = await agent(settings({ ELEVENLABS_BASE_URL: origin }), true)
    expect(named(findings, 'agent audio formats')).toMatchObject({
      verdict: 'FAIL',
      mend: expect.stringContaining('--fix did not work (You may not.)'),
    })
  })
})
