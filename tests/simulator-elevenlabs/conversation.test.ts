import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { speak } from '../../src/simulator/assets/speech.ts'
import type { SimulatedElevenLabs } from '../../src/simulator/elevenlabs/start-elevenlabs.ts'
import { DEMO_SCRIPT } from '../../src/simulator/script.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { type AgentClient, type AgentEvent, audioOf, eventId } from './agent-client.ts'
import { beginConversation, conversationIdOf, patch, start } from './simulator.ts'

const SCRIPT = {
  firstMessage: 'Good morning.',
  replies: ['The first answer is a long one, so that there is time to cut in.', 'The second answer.'],
  reconnected: 'Where were we?',
  stillThere: 'Hello?',
  goodbye: 'Bye.',
}

let simulator: SimulatedElevenLabs
let clock: ManualClock

beforeEach(async () => {
  clock = new ManualClock()
  simulator = await start({ script: SCRIPT, clock })
})

afterEach(() => simulator.stop())

const converse = (init: object = {}) => beginConversation(simulator, clock, init)

/** Lets time pass, and everything arrive that was sent meanwhile. */
async function pass(client: AgentClient, ms: number): Promise<void> {
  clock.advance(ms)
  await client.flush()
}

/** The caller speaks and falls silent, and the agent takes the time that it needs to answer. */
async function exchange(client: AgentClient, spokenMs: number): Promise<void> {
  client.speak(spokenMs)
  client.pause(1000)
  await client.flush()
  await pass(client, 400)
}

/** Resolves when the agent's last sentence has been heard to its end. */
async function hearOut(client: AgentClient): Promise<void> {
  await pass(client, durationMs(texts(client).at(-1) ?? ''))
}

function durationMs(text: string): number {
  return Math.ceil(speak(text).length / 8)
}

function texts(client: AgentClient): string[] {
  return client
    .of('agent_response')
    .map((event) => (event.agent_response_event as { agent_response: string }).agent_response)
}

function record(client: AgentClient) {
  return simulator.conversations.get(conversationIdOf(client))
}

describe('opening', () => {
  it('answers the first message with its metadata, a ping and the first words', async () => {
    const client = await converse()
    expect(client.events.map(({ type }) => type)).toEqual([
      'conversation_initiation_metadata',
      'ping',
      'agent_response',
      'audio',
    ])
    expect(client.events[0]).toMatchObject({
      conversation_initiation_metadata_event: {
        conversation_id: expect.stringMatching(/^conv_/),
        agent_output_audio_format: 'ulaw_8000',
        user_input_audio_format: 'ulaw_8000',
      },
    })
    await hearOut(client)
    expect(texts(client)).toEqual(['Good morning.'])
    expect(audioOf(client.events)).toEqual(speak('Good morning.'))
  })

  it('sends speech four times as fast as it plays, in pieces with rising ids', async () => {
    const text = DEMO_SCRIPT.firstMessage
    const client = await converse({ conversation_config_override: { agent: { first_message: text } } })
    await pass(client, durationMs(text) / 4)
    const pieces = client.of('audio')
    expect(audioOf(pieces)).toEqual(speak(text))
    const ids = pieces.map(eventId)
    expect(ids).toEqual([...ids].sort((a, b) => a - b))
    const spoken = pieces.flatMap(
      ({ audio_event }) => (audio_event as { alignment: { chars: string[] } }).alignment.chars,
    )
    expect(spoken.join('')).toBe(text)
  })

  it('speaks with the voice and the first words that the client asks for', async () => {
    for (const voice of simulator.voices.values()) simulator.voices.set('bob', { ...voice, voiceId: 'bob' })
    const client = await converse({
      conversation_config_override: {
        agent: { first_message: 'Hello {{ name }}.', prompt: { prompt: 'You are {{name}}.' } },
        tts: { voice_id: 'bob' },
      },
      dynamic_variables: { name: 'Bob' },
    })
    await pass(client, 5000)
    expect(texts(client)).toEqual(['Hello Bob.'])
    expect(audioOf(client.events)).toEqual(speak('Hello Bob.', 'bob'))
    expect(record(client)).toMatchObject({
      voiceId: 'bob',
      initData: { dynamic_variables: { name: 'Bob' } },
    })
  })

  it('lets the caller begin when there are no first words', async () => {
    patch(simulator, { conversation_config: { agent: { first_message: '' } } })
    const client = await converse()
    expect(texts(client)).toEqual([])
    await exchange(client, 500)
    expect(texts(client)).toEqual([SCRIPT.replies[0]])
  })

  it('speaks PCM when the agent is set to it', async () => {
    patch(simulator, {
      conversation_config: {
        asr: { user_input_audio_format: 'pcm_16000' },
        tts: { agent_output_audio_format: 'pcm_16000' },
      },
    })
    const client = await converse()
    await hearOut(client)
    expect(audioOf(client.events).length).toBe(4 * speak('Good morning.').length)
  })
})

describe('taking turns', () => {
  it('answers each time the caller has spoken, says goodbye and ends the conversation', async () => {
    const client = await converse()
    for (const _ of ['first reply', 'second reply', 'goodbye']) {
      await hearOut(client)
      await exchange(client, 800)
    }
    await hearOut(client)
    clock.advance(400)
    expect(await client.closed).toMatchObject({ code: 1000 })
    expect(texts(client)).toEqual(['Good morning.', ...SCRIPT.replies, 'Bye.'])
    expect(client.of('user_transcript')).toHaveLength(3)
    expect(client.of('user_transcript')[0]).toMatchObject({
      user_transcription_event: { user_transcript: '(the caller spoke for 0.8 s)' },
    })
    expect(client.of('interruption')).toEqual([])
    expect(record(client)?.audioBytesReceived).toBe(3 * 1800 * 8)
    await expect.poll(() => record(client)?.closeCode).toBe(1000)
  })

  it('falls silent when the caller speaks over it, and says what was heard', async () => {
    const client = await converse()
    await hearOut(client)
    await exchange(client, 800)
    await pass(client, 1500)
    client.speak(600)
    await client.flush()
    const [interruption, correction] = client.events.slice(-2)
    const original = SCRIPT.replies[0] ?? ''
    const heard = original.slice(
      0,
      original.lastIndexOf(' ', (original.length * 1500) / durationMs(original)),
    )
    expect(interruption).toMatchObject({ type: 'interruption' })
    expect(correction).toMatchObject({
      type: 'agent_response_correction',
      agent_response_correction_event: {
        original_agent_response: original,
        corrected_agent_response: heard,
      },
    })

    const sent = client.events.length
    await pass(client, 900)
    expect(client.events.slice(sent).map(({ type }) => type)).not.toContain('audio')
    expect(record(client)?.transcript[2]).toMatchObject({
      role: 'agent',
      message: heard,
      originalMessage: original,
      interrupted: true,
    })
  })

  it('numbers what it says after an interruption above it', async () => {
    const client = await converse()
    await exchange(client, 600)
    const [interruption] = client.of('interruption')
    const at = client.events.findIndex(({ type }) => type === 'interruption')
    const number = interruption ? eventId(interruption) : Number.NaN
    const audio = (events: AgentEvent[]) => events.filter(({ type }) => type === 'audio').map(eventId)
    expect(Math.max(...audio(client.events.slice(0, at)))).toBeLessThan(number)
    expect(Math.min(...audio(client.events.slice(at)))).toBeGreaterThan(number)
  })

  it('goes on listening when the caller only pauses for breath', async () => {
    const client = await converse()
    await hearOut(client)
    for (const _ of [1, 2, 3]) {
      client.speak(400)
      client.pause(500)
    }
    await exchange(client, 400)
    expect(client.of('user_transcript')).toMatchObject([
      { user_transcription_event: { user_transcript: '(the caller spoke for 3.1 s)' } },
    ])
    expect(texts(client)).toEqual(['Good morning.', SCRIPT.replies[0]])
  })

  it('withholds its answer when the caller speaks again before it', async () => {
    const client = await converse()
    await hearOut(client)
    client.speak(400)
    client.pause(800)
    await client.flush()
    await pass(client, 300)
    client.speak(400)
    await client.flush()
    await pass(client, 900)
    expect(texts(client)).toEqual(['Good morning.'])
    await exchange(client, 400)
    expect(texts(client)).toEqual(['Good morning.', SCRIPT.replies[0]])
  })

  it('does not take a click for a word', async () => {
    const client = await converse()
    await hearOut(client)
    await exchange(client, 60)
    expect(client.of('user_transcript')).toEqual([])
    expect(texts(client)).toEqual(['Good morning.'])
  })

  it('asks once whether the caller is still there, then says goodbye', async () => {
    const client = await converse()
    await hearOut(client)
    await pass(client, 7000)
    expect(texts(client)).toEqual(['Good morning.', 'Hello?'])
    await hearOut(client)
    await pass(client, 7000)
    expect(texts(client)).toEqual(['Good morning.', 'Hello?', 'Bye.'])
    await hearOut(client)
    clock.advance(400)
    expect(await client.closed).toMatchObject({ code: 1000 })
  })

  it('waits anew when the client reports activity', async () => {
    const client = await converse()
    await hearOut(client)
    await pass(client, 6000)
    client.send({ type: 'user_activity' })
    await client.flush()
    await pass(client, 6000)
    expect(texts(client)).toEqual(['Good morning.'])
    await pass(client, 1000)
    expect(texts(client)).toEqual(['Good morning.', 'Hello?'])
  })

  it('ends at once when the caller speaks into the goodbye', async () => {
    patch(simulator, { conversation_config: { turn: { turn_timeout: 1 } } })
    const client = await converse()
    for (const _ of ['Good morning.', 'Hello?']) {
      await hearOut(client)
      await pass(client, 1000)
    }
    expect(texts(client).at(-1)).toBe('Bye.')
    client.speak(300)
    await client.flush()
    expect(client.of('interruption')).toHaveLength(1)
    clock.advance(400)
    expect(await client.closed).toMatchObject({ code: 1000 })
  })

  it('takes an utterance whose audio breaks off for ended', async () => {
    const client = await converse()
    await hearOut(client)
    client.speak(500)
    await client.flush()
    await pass(client, 3500)
    expect(texts(client)).toEqual(['Good morning.', SCRIPT.replies[0]])
  })

  it('answers a typed turn as a spoken one', async () => {
    const client = await converse()
    client.send({ type: 'user_message', text: 'I would rather type.' })
    await client.flush()
    await pass(client, 400)
    expect(client.of('interruption')).toHaveLength(1)
    expect(record(client)?.transcript[1]).toMatchObject({ role: 'user', message: 'I would rather type.' })
    expect(texts(client)).toEqual(['Good morning.', SCRIPT.replies[0]])
  })

  it('goes on with a conversation that was cut off when it is written to before anybody spoke', async () => {
    const client = await converse({ conversation_config_override: { agent: { first_message: '' } } })
    client.send({ type: 'user_message', text: 'The line is back.' })
    await client.flush()
    await pass(client, 400)
    expect(texts(client)).toEqual([SCRIPT.reconnected])
    await hearOut(client)
    await exchange(client, 500)
    expect(texts(client)).toEqual([SCRIPT.reconnected, SCRIPT.replies[0]])
  })

  it('keeps contextual updates and says nothing to them', async () => {
    const client = await converse()
    await hearOut(client)
    client.send({ type: 'contextual_update', text: 'The caller is in Lisbon.' })
    await client.flush()
    await pass(client, 1000)
    expect(texts(client)).toEqual(['Good morning.'])
    expect(record(client)?.contextualUpdates).toEqual(['The caller is in Lisbon.'])
  })

  it('ends a conversation that lasts too long', async () => {
    patch(simulator, { conversation_config: { conversation: { max_duration_seconds: 2 } } })
    const client = await converse()
    clock.advance(2000)
    expect(await client.closed).toMatchObject({ code: 1000 })
    expect(client.events.at(-1)).toMatchObject({ error_event: { error_type: 'max_duration_exceeded' } })
  })

  it('leaves no timer behind', async () => {
    const client = await converse()
    await exchange(client, 500)
    client.socket.close(1000)
    await expect.poll(() => record(client)?.status).toBe('processing')
    expect(clock.pending).toBe(1)
    await simulator.stop()
    expect(clock.pending).toBe(0)
  })
})

describe('client events', () => {
  it('sends only the kinds that the agent is set to, besides metadata and pings', async () => {
    patch(simulator, { conversation_config: { conversation: { client_events: ['audio', 'interruption'] } } })
    const client = await converse()
    await exchange(client, 600)
    expect(new Set(client.events.map(({ type }) => type))).toEqual(
      new Set(['conversation_initiation_metadata', 'ping', 'audio', 'interruption']),
    )
  })

  it('pings every two seconds, and remembers the answers', async () => {
    const client = await converse()
    await pass(client, 4000)
    await client.flush()
    const pings = client.of('ping')
    expect(pings).toHaveLength(3)
    expect(record(client)?.pongs).toEqual(pings.map(eventId))
  })
})
