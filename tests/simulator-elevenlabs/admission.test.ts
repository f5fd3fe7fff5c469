import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SimulatedElevenLabs } from '../../src/simulator/elevenlabs/start-elevenlabs.ts'
import { AGENT_VOICE_ID } from '../../src/simulator/script.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { AgentClient } from './agent-client.ts'
import { AGENT_ID, beginConversation, conversationIdOf, patch, signedUrl, start } from './simulator.ts'

let simulator: SimulatedElevenLabs
let clock: ManualClock

beforeEach(async () => {
  clock = new ManualClock()
  simulator = await start({ clock })
})

afterEach(() => simulator.stop())

describe('the agent socket', () => {
  it('opens one conversation for each signed URL', async () => {
    const url = await signedUrl(simulator)
    await AgentClient.begin(url)
    const second = new AgentClient(url)
    expect(await second.closed).toMatchObject({ code: 1008, reason: expect.stringContaining('signed URL') })
  })

  it('uses the conversation id that came with the signed URL', async () => {
    const url = await signedUrl(simulator, '&include_conversation_id=true')
    const client = await AgentClient.begin(url)
    await client.flush()
    clock.advance(80)
    await client.flush()
    expect(conversationIdOf(client)).toBe(new URL(url).searchParams.get('conversation_id'))
  })

  it('forgets a signed URL after fifteen minutes', async () => {
    const url = await signedUrl(simulator)
    clock.advance(15 * 60_000)
    expect(await new AgentClient(url).closed).toMatchObject({ code: 1008 })
  })

  it('lets anyone in only when the agent is public', async () => {
    const url = `${simulator.url.replace('http', 'ws')}/v1/convai/conversation?agent_id=${AGENT_ID}`
    expect(await new AgentClient(url).closed).toMatchObject({ code: 1008 })
    patch(simulator, { platform_settings: { auth: { enable_auth: false } } })
    await (await AgentClient.begin(url)).flush()
    expect(simulator.liveConversationIds).toHaveLength(1)
    expect(await new AgentClient(url.replace(AGENT_ID, 'agent_other')).closed).toMatchObject({ code: 1008 })
  })

  it('has nothing on another path', async () => {
    const client = new AgentClient(`${simulator.url.replace('http', 'ws')}/v1/other`)
    const error = await new Promise<Error>((resolve) => client.socket.once('error', resolve))
    expect(error.message).toContain('404')
  })

  const init = (fields: object) => ({ type: 'conversation_initiation_client_data', ...fields })

  it.each<[string, object | string, string]>([
    ['no JSON', 'hello', 'invalid_message'],
    ['no object', '[]', 'invalid_message'],
    ['an unknown type', { type: 'surprise' }, 'invalid_message'],
    ['audio that is no text', { user_audio_chunk: 17 }, 'invalid_message'],
    ['audio before the first message', { user_audio_chunk: '////' }, 'missing_fields'],
    [
      'an override that is not switched on',
      init({ conversation_config_override: { agent: { prompt: { llm: 'gpt-5' } } } }),
      'override_error',
    ],
    [
      'an override without a switch',
      init({ conversation_config_override: { asr: { keywords: ['bicycle'] } } }),
      'override_error',
    ],
    [
      'an override named in letters that need two bytes',
      init({ conversation_config_override: { ['é'.repeat(200)]: true } }),
      'override_error',
    ],
    ['extra fields for the model', init({ custom_llm_extra_body: { seed: 1 } }), 'override_error'],
    [
      'an override of the wrong type',
      init({ conversation_config_override: { agent: { first_message: 5 } } }),
      'invalid_message',
    ],
    [
      'a voice that is not there',
      init({ conversation_config_override: { tts: { voice_id: 'gone' } } }),
      'value_error',
    ],
    [
      'a variable without a value',
      init({ conversation_config_override: { agent: { first_message: 'Hello {{name}}' } } }),
      'missing_dynamic_variable',
    ],
  ])('closes with 1008 on %s', async (_, message, errorType) => {
    const client = new AgentClient(await signedUrl(simulator))
    await once(client.socket, 'open')
    client.send(message)
    expect(await client.closed).toMatchObject({ code: 1008, reason: expect.stringMatching(/./) })
    expect(client.events).toMatchObject([
      { type: 'error', error_event: { code: 1008, error_type: errorType } },
    ])
  })

  it('closes with 1009 on a message without measure', async () => {
    const client = await beginConversation(simulator, clock)
    client.send({ user_audio_chunk: 'A'.repeat(2 ** 20) })
    expect(await client.closed).toMatchObject({ code: 1009 })
  })

  it('takes no second first message', async () => {
    const client = await beginConversation(simulator, clock)
    client.send(init({}))
    expect(await client.closed).toMatchObject({ code: 1008 })
  })

  it('gives up on a client that never sends its first message', async () => {
    const client = new AgentClient(await signedUrl(simulator))
    await once(client.socket, 'open')
    clock.advance(10_000)
    expect(await client.closed).toMatchObject({ code: 1002 })
  })

  it('does not mind overrides that are left empty', async () => {
    const client = await beginConversation(simulator, clock, {
      conversation_config_override: { agent: { prompt: {} }, tts: { voice_id: null } },
    })
    expect(client.of('audio')).not.toEqual([])
    expect(simulator.conversations.get(conversationIdOf(client))?.voiceId).toBe(AGENT_VOICE_ID)
  })
})
