import OpenAI from 'openai'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { muLawMilliseconds } from '../../src/audio/mulaw.ts'
import { speak } from '../../src/simulator/assets/speech.ts'
import type { SimulatedOpenAi } from '../../src/simulator/openai/start-openai.ts'
import { DEMO_SCRIPT } from '../../src/simulator/script.ts'
import { until } from '../support/until.ts'
import { SdkClient, TELEPHONE } from './sdk-client.ts'
import { API_KEY, start } from './simulator.ts'

/* The vendor's own client is at home with the simulated vendor. */

let vendor: SimulatedOpenAi

beforeEach(async () => {
  vendor = await start()
  onTestFinished(() => vendor.stop())
})

const client = (apiKey = API_KEY) => new OpenAI({ apiKey, baseURL: `${vendor.url}/v1`, maxRetries: 0 })

describe('by REST', () => {
  test('it tells of its models', async () => {
    expect((await client().models.retrieve('gpt-realtime-2.1')).id).toBe('gpt-realtime-2.1')
    const ids = (await client().models.list()).data.map(({ id }) => id)
    expect(ids).toContain('gpt-realtime-whisper')
    await expect(client().models.retrieve('parrot-1')).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    })
  })

  test('it knows a wrong key', async () => {
    await expect(client('sk-wrong').models.list()).rejects.toMatchObject({
      status: 401,
      code: 'invalid_api_key',
    })
  })
})

describe('a session', () => {
  test('is created and set up, field by field', async () => {
    const sdk = await new SdkClient(vendor).begins()
    const { session: before } = await sdk.sees('session.created')
    const { session } = await sdk.sees('session.updated')
    expect(before).toMatchObject({
      type: 'realtime',
      audio: { output: { format: { type: 'audio/pcm', rate: 24_000 } } },
    })
    expect(session).toMatchObject(TELEPHONE)
    expect(session).toMatchObject({ audio: { input: { turn_detection: { type: 'server_vad' } } } })
  })

  test('answers in pieces that are sent faster than they sound, in the order of the protocol', async () => {
    const sdk = await new SdkClient(vendor).begins()
    sdk.socket.send({ type: 'response.create', response: { instructions: 'Greet.' } })
    const { response } = await sdk.sees('response.done')
    expect(response).toMatchObject({ status: 'completed', output: [{ type: 'message', role: 'assistant' }] })
    const types = [...new Set(sdk.events.map(({ type }) => type))].slice(2)
    expect(types).toEqual([
      'response.created',
      'rate_limits.updated',
      'response.output_item.added',
      'conversation.item.added',
      'response.content_part.added',
      'response.output_audio_transcript.delta',
      'response.output_audio.delta',
      'response.output_audio.done',
      'response.output_audio_transcript.done',
      'response.content_part.done',
      'response.output_item.done',
      'conversation.item.done',
      'response.done',
    ])
    const spoken = Buffer.concat(
      sdk.all('response.output_audio.delta').map(({ delta }) => Buffer.from(delta, 'base64')),
    )
    expect(spoken.equals(speak(DEMO_SCRIPT.firstMessage, 'marin'))).toBe(true)
    expect((await sdk.sees('response.output_audio_transcript.done')).transcript).toBe(
      DEMO_SCRIPT.firstMessage,
    )
  })

  test('hears when the caller speaks, tells where in the audio, writes it down and answers', async () => {
    const sdk = await new SdkClient(vendor).begins()
    sdk.pause(1_000)
    sdk.speak(600)
    sdk.pause(800)
    const { audio_start_ms, item_id } = await sdk.sees('input_audio_buffer.speech_started')
    expect(Math.abs(audio_start_ms - 700)).toBeLessThanOrEqual(20)
    const { audio_end_ms } = await sdk.sees('input_audio_buffer.speech_stopped')
    expect(Math.abs(audio_end_ms - 2_100)).toBeLessThanOrEqual(20)
    expect(await sdk.sees('input_audio_buffer.committed')).toMatchObject({ item_id })
    const words = await sdk.sees('conversation.item.input_audio_transcription.completed')
    expect(words).toMatchObject({ item_id, transcript: expect.stringContaining('0.6 s') })
    expect((await sdk.sees('response.done')).response.status).toBe('completed')
  })

  test('is cut off by the caller, and remembers what it is told was heard', async () => {
    const sdk = await new SdkClient(vendor).begins()
    sdk.socket.send({ type: 'response.create' })
    const { item_id } = await sdk.sees('response.output_audio.delta')
    sdk.speak(400)
    const { response } = await sdk.sees('response.done')
    expect(response).toMatchObject({ status: 'cancelled', status_details: { reason: 'turn_detected' } })
    sdk.socket.send({ type: 'conversation.item.truncate', item_id, content_index: 0, audio_end_ms: 120 })
    expect(await sdk.sees('conversation.item.truncated')).toMatchObject({ item_id, audio_end_ms: 120 })
    sdk.socket.send({ type: 'conversation.item.retrieve', item_id })
    const { item } = await sdk.sees('conversation.item.retrieved')
    expect(item).toMatchObject({ content: [{ type: 'output_audio', transcript: null }] })
    const record = vendor.sessions.get([...vendor.sessions.keys()][0] ?? '')
    expect(record?.truncations).toMatchObject([{ itemId: item_id, audioEndMs: 120 }])
  })

  test('refuses what it cannot do, and goes on', async () => {
    const sdk = await new SdkClient(vendor).begins()
    sdk.socket.send({ type: 'response.cancel' })
    sdk.socket.send({ type: 'input_audio_buffer.commit' })
    sdk.socket.send({ type: 'conversation.item.delete', item_id: 'nobody' })
    sdk.socket.send({ type: 'response.create' })
    sdk.socket.send({ type: 'response.create' })
    const { item_id } = await sdk.sees('response.output_audio.delta')
    await sdk.sees('response.done')
    const tooLong = muLawMilliseconds(speak(DEMO_SCRIPT.firstMessage, 'marin').length) + 1
    sdk.socket.send({
      type: 'conversation.item.truncate',
      item_id,
      content_index: 0,
      audio_end_ms: Math.ceil(tooLong),
    })
    sdk.socket.send({
      type: 'session.update',
      session: { type: 'realtime', audio: { output: { voice: 'ash' } } },
    })
    await until('all is refused', () => sdk.errors.length === 6)
    expect(sdk.errors).toEqual([
      'response_cancel_not_active',
      'input_audio_buffer_commit_empty',
      'item_not_found',
      'conversation_already_has_active_response',
      'invalid_value',
      'cannot_update_voice',
    ])
    sdk.socket.send({ type: 'conversation.item.delete', item_id })
    expect(await sdk.sees('conversation.item.deleted')).toMatchObject({ item_id })
  })

  test('knows no voice of another vendor, and repeats which event it complains of', async () => {
    const sdk = await new SdkClient(vendor).begins()
    sdk.socket.send({
      type: 'session.update',
      event_id: 'mine',
      session: { type: 'realtime', audio: { output: { voice: '21m00Tcm4TlvDq8ikWAM' } } },
    })
    const { error } = await sdk.sees('error')
    expect(error).toMatchObject({
      code: 'invalid_value',
      event_id: 'mine',
      param: 'session.audio.output.voice',
    })
  })

  test('says goodbye when it knows no more, and hangs up by a function', async () => {
    const sdk = await new SdkClient(vendor).begins()
    const tools = [{ type: 'function' as const, name: 'end_call', parameters: {} }]
    sdk.socket.send({ type: 'session.update', session: { type: 'realtime', tools } })
    const answers = DEMO_SCRIPT.replies.length + 1
    sdk.socket.send({
      type: 'conversation.item.create',
      item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hello.' }] },
    })
    for (let answer = 1; answer <= answers; answer++) {
      sdk.socket.send({ type: 'response.create' })
      await sdk.sees('response.done', answer)
    }
    expect(await sdk.sees('response.function_call_arguments.done')).toMatchObject({ name: 'end_call' })
  })

  test('ends after its time with an error, and its socket with 1001', async () => {
    vendor.sessionMs = 2_000
    const sdk = new SdkClient(vendor)
    const closed = new Promise<number>((resolve) => sdk.socket.socket.once('close', resolve))
    expect((await sdk.sees('error')).error.code).toBe('session_expired')
    expect(await closed).toBe(1001)
  })

  test('is not for a wrong key or an unknown model', async () => {
    const stranger = new SdkClient(vendor, { apiKey: 'sk-wrong' })
    await until('it is refused', () => stranger.errors.some((words) => words.includes('401')))
    const sdk = new SdkClient(vendor, { model: 'parrot-1' })
    expect((await sdk.sees('error')).error.code).toBe('model_not_found')
  })
})
