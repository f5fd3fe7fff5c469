import { ElevenLabsClient, ElevenLabsError } from '@elevenlabs/elevenlabs-js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { speak } from '../../src/simulator/assets/speech.ts'
import type { SimulatedElevenLabs } from '../../src/simulator/elevenlabs/start-elevenlabs.ts'
import { AGENT_VOICE_ID } from '../../src/simulator/script.ts'
import { AGENT_ID, API_KEY, call, start, TIME_SCALE } from './simulator.ts'

let simulator: SimulatedElevenLabs
let client: ElevenLabsClient

beforeEach(async () => {
  simulator = await start({ voiceLimit: 2, cloneDelayMs: 100 })
  client = new ElevenLabsClient({ apiKey: API_KEY, baseUrl: simulator.url })
})

afterEach(() => simulator.stop())

const sample = (name = 'alice.wav') => new File([Buffer.from('RIFF speech')], name, { type: 'audio/wav' })

function addVoice(name = 'Alice') {
  return client.voices.ivc.create({ name, files: [sample()] }, { maxRetries: 0 })
}

async function refusal(request: Promise<unknown>): Promise<ElevenLabsError> {
  const error = await request.then(
    () => new Error('The request was granted.'),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(ElevenLabsError)
  return error as ElevenLabsError
}

describe('cloning a voice with the official SDK', () => {
  it('adds a voice that can be read, found, spoken with and deleted', async () => {
    const labels = JSON.stringify({ language: 'en' })
    const request = { name: 'Alice', files: [sample('a.wav'), sample('b.wav')], labels }
    const { voiceId, requiresVerification } = await client.voices.ivc.create(request)
    expect(requiresVerification).toBe(false)

    const voice = await client.voices.get(voiceId)
    expect(voice).toMatchObject({ name: 'Alice', category: 'cloned', labels: { language: 'en' } })
    expect(voice.samples?.map(({ fileName, mimeType }) => [fileName, mimeType])).toEqual([
      ['a.wav', 'audio/wav'],
      ['b.wav', 'audio/wav'],
    ])
    expect((await client.voices.search({ search: 'alic' })).voices.map((found) => found.voiceId)).toEqual([
      voiceId,
    ])

    expect(await client.voices.delete(voiceId)).toEqual({ status: 'ok' })
    expect((await refusal(client.voices.get(voiceId))).statusCode).toBe(404)
    expect((await refusal(client.voices.delete(voiceId))).statusCode).toBe(400)
  })

  it('takes as long as it is told, for each request', async () => {
    await simulator.stop()
    const slept: number[] = []
    simulator = await start({ cloneDelayMs: (request) => slept.push(request) * 1000 })
    client = new ElevenLabsClient({ apiKey: API_KEY, baseUrl: simulator.url })
    const begun = performance.now()
    await addVoice()
    await addVoice()
    expect(performance.now() - begun).toBeGreaterThan(2900 * TIME_SCALE)
    expect(slept).toEqual([1, 2])
    expect(simulator.cloneRequests).toBe(2)
  })

  it('refuses when every slot is taken or being filled, and again allows when one is free', async () => {
    const results = await Promise.allSettled([addVoice(), addVoice(), addVoice()])
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'fulfilled', 'rejected'])
    const error = await refusal(addVoice())
    expect(error.statusCode).toBe(400)
    expect(error.body).toMatchObject({
      detail: { code: 'voice_limit_reached', status: 'voice_limit_reached' },
    })

    const granted = results.find((result) => result.status === 'fulfilled')
    await client.voices.delete(granted?.value.voiceId ?? '')
    await addVoice()
  })

  it('counts slots and additions in the subscription', async () => {
    const { voiceId } = await addVoice()
    await client.voices.delete(voiceId)
    await addVoice()
    expect(await client.user.subscription.get()).toMatchObject({
      voiceLimit: 2,
      voiceSlotsUsed: 1,
      voiceAddEditCounter: 2,
      canUseInstantVoiceCloning: true,
    })
  })

  it('names the fields that are missing', async () => {
    const form = new FormData()
    form.set('description', 'no name, no files')
    const response = await call(simulator, '/v1/voices/add', { method: 'POST', body: form })
    expect(response.status).toBe(422)
    expect(await response.json()).toEqual({
      detail: [
        { loc: ['body', 'name'], msg: 'Field required', type: 'missing' },
        { loc: ['body', 'files'], msg: 'Field required', type: 'missing' },
      ],
    })
  })

  it.each<[string, (form: FormData) => void]>([
    ['a part of another name', (form) => form.append('files[]', sample())],
    ['an empty file', (form) => form.append('files', new File([], 'empty.wav'))],
    ['labels that are no JSON', (form) => form.append('labels', 'language=en')],
  ])('refuses %s', async (_, spoil) => {
    const form = new FormData()
    form.set('name', 'Alice')
    form.append('files', sample())
    spoil(form)
    const response = await call(simulator, '/v1/voices/add', { method: 'POST', body: form })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ detail: { type: 'validation_error' } })
  })

  it('refuses a wrong key, and says so when there is none', async () => {
    const stranger = new ElevenLabsClient({ apiKey: 'sk_wrong', baseUrl: simulator.url })
    const error = await refusal(stranger.voices.ivc.create({ name: 'Alice', files: [sample()] }))
    expect(error.statusCode).toBe(401)
    expect(error.body).toMatchObject({ detail: { code: 'invalid_api_key' } })
    const response = await fetch(`${simulator.url}/v1/user/subscription`)
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({ detail: { code: 'missing_api_key' } })
  })
})

describe('text to speech', () => {
  const text = 'Thank you for calling. Goodbye.'

  async function convert(voiceId: string, outputFormat: 'ulaw_8000' | 'pcm_16000' | 'mp3_44100_128') {
    const stream = await client.textToSpeech.convert(voiceId, { text, outputFormat })
    return Buffer.from(await new Response(stream).arrayBuffer())
  }

  it('gives raw mu-law that is ready for the telephone', async () => {
    expect(await convert(AGENT_VOICE_ID, 'ulaw_8000')).toEqual(speak(text))
    expect(simulator.speechRequests).toBe(1)
  })

  it('speaks with a cloned voice', async () => {
    const { voiceId } = await addVoice()
    const audio = await convert(voiceId, 'ulaw_8000')
    expect(audio).toEqual(speak(text, voiceId))
    expect(audio).not.toEqual(speak(text))
  })

  it('gives PCM at another rate, and MP3', async () => {
    expect((await convert(AGENT_VOICE_ID, 'pcm_16000')).length).toBe(4 * speak(text).length)
    const mp3 = await convert(AGENT_VOICE_ID, 'mp3_44100_128')
    expect(mp3.readUInt16BE(0) & 0xffe0).toBe(0xffe0)
  })

  it('refuses an unknown voice, an unknown format, no text and too much of it', async () => {
    const post = async (path: string, body: object) => {
      const headers = { 'content-type': 'application/json' }
      const init = { method: 'POST', body: JSON.stringify(body), headers }
      return (await call(simulator, `/v1/text-to-speech/${path}`, init)).status
    }
    expect(await post('nobody', { text })).toBe(404)
    expect(await post(`${AGENT_VOICE_ID}?output_format=opus_48000_32`, { text })).toBe(422)
    expect(await post(AGENT_VOICE_ID, {})).toBe(422)
    expect(await post(AGENT_VOICE_ID, { text: 'a'.repeat(10_001) })).toBe(400)
  })
})

describe('the agent', () => {
  it('is ready for the telephone', async () => {
    const agent = await client.conversationalAi.agents.get(AGENT_ID)
    expect(agent.conversationConfig.asr?.userInputAudioFormat).toBe('ulaw_8000')
    expect(agent.conversationConfig.tts?.agentOutputAudioFormat).toBe('ulaw_8000')
    expect(agent.conversationConfig.conversation?.clientEvents).toContain('agent_response_correction')
    const overrides = agent.platformSettings?.overrides?.conversationConfigOverride
    expect(overrides).toMatchObject({
      agent: { firstMessage: true, language: true, prompt: { prompt: true } },
      tts: { voiceId: true },
    })
  })

  it('is changed field by field, lists whole', async () => {
    await client.conversationalAi.agents.update(AGENT_ID, {
      conversationConfig: {
        asr: { userInputAudioFormat: 'pcm_16000' },
        conversation: { clientEvents: ['audio'] },
      },
      platformSettings: { overrides: { conversationConfigOverride: { tts: { voiceId: false } } } },
    })
    const agent = await client.conversationalAi.agents.get(AGENT_ID)
    expect(agent.conversationConfig.asr).toMatchObject({ userInputAudioFormat: 'pcm_16000', quality: 'high' })
    expect(agent.conversationConfig.conversation?.clientEvents).toEqual(['audio'])
    const overrides = agent.platformSettings?.overrides?.conversationConfigOverride
    expect(overrides).toMatchObject({ agent: { firstMessage: true }, tts: { voiceId: false } })
  })

  it('keeps its settings when a change makes no sense', async () => {
    const body = JSON.stringify({ conversation_config: { asr: { user_input_audio_format: 'opus' } } })
    const init = { method: 'PATCH', body, headers: { 'content-type': 'application/json' } }
    const response = await call(simulator, `/v1/convai/agents/${AGENT_ID}`, init)
    expect(response.status).toBe(422)
    expect(await response.json()).toMatchObject({
      detail: [{ loc: ['body', 'conversation_config', 'asr', 'user_input_audio_format'] }],
    })
    const agent = await client.conversationalAi.agents.get(AGENT_ID)
    expect(agent.conversationConfig.asr?.userInputAudioFormat).toBe('ulaw_8000')
  })

  it('is not found under another id', async () => {
    expect((await refusal(client.conversationalAi.agents.get('agent_other'))).statusCode).toBe(404)
    const signed = client.conversationalAi.conversations.getSignedUrl({ agentId: 'agent_other' })
    expect((await refusal(signed)).statusCode).toBe(404)
  })
})
