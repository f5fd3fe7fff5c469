import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { ElevenLabsClient } from '@elevenlabs/elevenlabs-js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SimulatedElevenLabs } from '../../src/simulator/elevenlabs/start-elevenlabs.ts'
import { ManualClock } from '../support/manual-clock.ts'
import {
  AGENT_ID,
  API_KEY,
  beginConversation,
  call,
  connect,
  conversationIdOf,
  patch,
  start,
} from './simulator.ts'

const SECRET = 'wsec_test'

type Delivery = { request: IncomingMessage; body: Buffer }

let simulator: SimulatedElevenLabs
let client: ElevenLabsClient
let receiver: Server
let clock: ManualClock
let deliveries: Delivery[]
let arrived: PromiseWithResolvers<void>

beforeEach(async () => {
  deliveries = []
  arrived = Promise.withResolvers()
  receiver = createServer(async (request, response) => {
    deliveries.push({ request, body: await buffer(request) })
    response.end()
    if (deliveries.length === 2) arrived.resolve()
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/postcall`
  clock = new ManualClock()
  simulator = await start({ postCallWebhook: { url, secret: SECRET }, clock })
  client = new ElevenLabsClient({ apiKey: API_KEY, baseUrl: simulator.url })
})

afterEach(async () => {
  await simulator.stop()
  receiver.closeAllConnections()
  await new Promise((resolve) => receiver.close(resolve))
})

/** A conversation in which the caller interrupts the first words, and hangs up into the answer. */
async function talk(): Promise<string> {
  const caller = await beginConversation(simulator, clock)
  clock.advance(2000)
  caller.speak(600)
  caller.pause(1000)
  await caller.flush()
  clock.advance(1400)
  caller.socket.close(1000)
  await processed(conversationIdOf(caller))
  return conversationIdOf(caller)
}

/** Waits for the conversation to end, and for the vendor to get to it. */
async function processed(conversationId: string): Promise<void> {
  await expect.poll(() => simulator.conversations.get(conversationId)?.status).toBe('processing')
  clock.advance(1000)
}

describe('the conversation after its end', () => {
  it('is posted with a signature that the official SDK accepts', async () => {
    const conversationId = await talk()
    await arrived.promise
    const events = await Promise.all(
      deliveries.map(({ request, body }) =>
        client.webhooks.constructEvent(
          body.toString(),
          String(request.headers['elevenlabs-signature']),
          SECRET,
        ),
      ),
    )
    expect(events).toMatchObject([
      {
        type: 'post_call_transcription',
        data: { agent_id: AGENT_ID, conversation_id: conversationId, status: 'done', has_audio: true },
      },
      { type: 'post_call_audio', data: { agent_id: AGENT_ID, conversation_id: conversationId } },
    ])
    expect(deliveries.map(({ request }) => request.headers['transfer-encoding'])).toEqual([
      undefined,
      'chunked',
    ])
  })

  it('can be read with the official SDK, with its audio', async () => {
    const conversationId = await talk()
    await arrived.promise

    const conversation = await client.conversationalAi.conversations.get(conversationId)
    expect(conversation.status).toBe('done')
    expect(conversation.transcript.map(({ role, interrupted }) => [role, interrupted])).toEqual([
      ['agent', true],
      ['user', false],
      ['agent', true],
    ])
    expect(conversation.analysis?.callSuccessful).toBe('success')

    const stream = await client.conversationalAi.conversations.audio.get(conversationId)
    const mp3 = Buffer.from(await new Response(stream).arrayBuffer())
    const posted = JSON.parse(String(deliveries[1]?.body))
    expect(Buffer.from(posted.data.full_audio, 'base64')).toEqual(mp3)
    expect(mp3.readUInt16BE(0) & 0xffe0).toBe(0xffe0)
  })

  it('has a status but no audio before its end', async () => {
    const caller = await beginConversation(simulator, clock)
    const conversationId = conversationIdOf(caller)
    expect((await client.conversationalAi.conversations.get(conversationId)).status).toBe('in-progress')
    const audio = await call(simulator, `/v1/convai/conversations/${conversationId}/audio`)
    expect(audio.status).toBe(404)
  })

  it('has no audio when the agent does not record', async () => {
    patch(simulator, { platform_settings: { privacy: { record_voice: false } } })
    const conversationId = await talk()
    await expect.poll(() => deliveries.length).toBe(1)
    const conversation = await client.conversationalAi.conversations.get(conversationId)
    expect(conversation).toMatchObject({ status: 'done', hasAudio: false })
  })

  it('is marked as failed when it could not begin', async () => {
    const caller = await connect(simulator)
    caller.send('garbage')
    await caller.closed
    const [conversationId = ''] = simulator.conversations.keys()
    await processed(conversationId)
    await expect.poll(() => simulator.conversations.get(conversationId)?.status).toBe('failed')
    const { metadata } = await client.conversationalAi.conversations.get(conversationId)
    expect(metadata.error).toMatchObject({ code: 1008 })
  })
})
