import { ElevenLabsClient, ElevenLabsError } from '@elevenlabs/elevenlabs-js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SimulatedElevenLabs } from '../../src/simulator/elevenlabs/start-elevenlabs.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { AgentClient } from './agent-client.ts'
import { AGENT_ID, API_KEY, call, connect, conversationIdOf, signedUrl, start } from './simulator.ts'

let simulator: SimulatedElevenLabs
let client: ElevenLabsClient

beforeEach(async () => {
  simulator = await start({ cloneDelayMs: 0 })
  client = new ElevenLabsClient({ apiKey: API_KEY, baseUrl: simulator.url })
})

afterEach(() => simulator.stop())

function addVoice(timeoutInSeconds = 5) {
  const files = [new File([Buffer.from('RIFF speech')], 'alice.wav', { type: 'audio/wav' })]
  return client.voices.ivc.create({ name: 'Alice', files }, { maxRetries: 0, timeoutInSeconds })
}

describe('REST', () => {
  it('fails the next clones as told, then works', async () => {
    simulator.failNextClones([
      { status: 429, body: { detail: { status: 'system_busy' } }, headers: { 'retry-after': '7' } },
      { status: 500, body: '<html>oops</html>' },
    ])
    const first = await addVoice().catch((error: unknown) => error)
    expect(first).toMatchObject({ statusCode: 429, body: { detail: { status: 'system_busy' } } })
    expect((first as ElevenLabsError).rawResponse?.headers.get('retry-after')).toBe('7')
    await expect(addVoice()).rejects.toMatchObject({ statusCode: 500 })
    await expect(addVoice()).resolves.toMatchObject({ requiresVerification: false })
    expect(simulator.cloneRequests).toBe(3)
  })

  it('never answers a clone while it hangs', async () => {
    simulator.hangClone = true
    await expect(addVoice(0.1)).rejects.toThrow(/timeout/i)
    simulator.hangClone = false
    await addVoice()
  })

  it('never answers a request for a signed URL while it hangs', async () => {
    simulator.hangSignedUrl = true
    const request = client.conversationalAi.conversations.getSignedUrl(
      { agentId: AGENT_ID },
      { maxRetries: 0, timeoutInSeconds: 0.1 },
    )
    await expect(request).rejects.toThrow(/timeout/i)
  })

  it('answers everything with a web page', async () => {
    simulator.answerHtml = 200
    const response = await call(simulator, '/v1/user/subscription')
    expect(response.headers.get('content-type')).toContain('text/html')
    await expect(addVoice()).rejects.toThrow()
    simulator.answerHtml = null
    await addVoice()
  })

  it('fails the other routes too', async () => {
    simulator.failNext('signedUrl', [{ status: 503 }])
    simulator.failNext('speech', [{ status: 401 }])
    simulator.failNext('deleteVoice', [{ status: 500 }])
    const options = { maxRetries: 0 }
    const { conversations } = client.conversationalAi
    await expect(conversations.getSignedUrl({ agentId: AGENT_ID }, options)).rejects.toMatchObject({
      statusCode: 503,
    })
    await expect(client.textToSpeech.convert('any', { text: 'a' }, options)).rejects.toMatchObject({
      statusCode: 401,
    })
    await expect(client.voices.delete('any', options)).rejects.toMatchObject({ statusCode: 500 })
  })
})

describe('agent sockets', () => {
  it('refuses them', async () => {
    const url = await signedUrl(simulator)
    simulator.refuseAgentSockets = true
    const refused = new AgentClient(url)
    const error = await new Promise<Error>((resolve) => refused.socket.once('error', resolve))
    expect(error.message).toContain('503')
  })

  it('drops one in the middle of a word', async () => {
    const caller = await connect(simulator)
    await caller.next('audio')
    const conversationId = conversationIdOf(caller)
    simulator.dropAgentSocket(conversationId)
    expect(await caller.closed).toMatchObject({ code: 1006 })
    expect(simulator.liveConversationIds).toEqual([])
    expect(() => simulator.dropAgentSocket(conversationId)).toThrow('No live conversation')
  })

  it('closes them with any code', async () => {
    const caller = await connect(simulator)
    await caller.next('audio')
    simulator.closeAgent(1011)
    expect(await caller.closed).toMatchObject({ code: 1011 })
    const record = simulator.conversations.get(conversationIdOf(caller))
    await expect.poll(() => record?.closeCode).toBe(1011)
  })

  it('sends garbage', async () => {
    const caller = await connect(simulator)
    await caller.next('audio')
    const garbage = new Promise((resolve) => {
      caller.socket.removeAllListeners('message').on('message', (data) => {
        if (data.toString() === '{"type":') resolve(data)
      })
    })
    simulator.sendGarbage(conversationIdOf(caller), '{"type":')
    await garbage
  })

  it('stops pinging', async () => {
    await simulator.stop()
    const clock = new ManualClock()
    simulator = await start({ clock })
    const caller = await connect(simulator)
    await caller.flush()
    clock.advance(2080)
    simulator.stopPinging = true
    clock.advance(6000)
    simulator.stopPinging = false
    clock.advance(2000)
    await caller.flush()
    expect(caller.of('ping')).toHaveLength(3)
  })
})

describe('stopping', () => {
  it('leaves nothing behind, whatever is under way', async () => {
    simulator.hangClone = true
    const hanging = addVoice().catch((error: unknown) => error)
    const caller = await connect(simulator)
    await caller.next('audio')
    await expect.poll(() => simulator.cloneRequests).toBe(1)
    await Promise.all([simulator.stop(), simulator.stop()])
    expect(await hanging).toBeInstanceOf(ElevenLabsError)
    expect(await caller.closed).toMatchObject({ code: 1006 })
    await expect(call(simulator, '/v1/user/subscription')).rejects.toThrow('fetch failed')
    const left = process.getActiveResourcesInfo().filter((kind) => kind === 'TCPServerWrap')
    expect(left).toEqual([])
  })

  it('gives its port back', async () => {
    const port = Number(new URL(simulator.url).port)
    await simulator.stop()
    const again = await start({ port })
    expect(again.url).toBe(simulator.url)
    await again.stop()
  })

  it('does not start without time', async () => {
    await expect(start({ timeScale: 0 })).rejects.toThrow('timeScale')
  })
})
