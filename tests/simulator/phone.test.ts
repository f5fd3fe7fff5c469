import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { Carrier } from '../../src/simulator/carrier/carrier.ts'
import type { TimelineEntry } from '../../src/simulator/carrier/timeline.ts'
import { FrameBuffer } from '../../src/simulator/frame-buffer.ts'
import { attachPhone } from '../../src/simulator/phone/attach-phone.ts'
import { dialPhone } from '../../src/simulator/phone/phone-client.ts'
import { closeHard, listenHere } from '../support/loopback.ts'
import { CALLER, type ServiceDouble, startServiceDouble, startTestCarrier, twiml } from './service-double.ts'

let service: ServiceDouble
let carrier: Carrier
let server: Server
let phone: { close(): void }
let url: string

const sound = Buffer.from(Array.from({ length: 1600 }, (_, i) => 1 + (i % 120)))
const headers = { authorization: 'Bearer key' }

beforeEach(async () => {
  service = await startServiceDouble()
  carrier = await startTestCarrier(service, { timeScale: 1, speak: () => sound })
  server = createServer()
  const origin = await listenHere(server)
  phone = attachPhone({
    server,
    carrier,
    authorize: (request) => request.headers.authorization === 'Bearer key',
  })
  url = `${origin.replace('http', 'ws')}/simulator/phone`
})

afterEach(async () => {
  phone.close()
  await carrier.stop()
  await service.stop()
  await closeHard(server)
})

async function rawHandset() {
  const socket = new WebSocket(url, { headers })
  const texts: { type: string; message?: string }[] = []
  socket.on('message', (data, isBinary) => !isBinary && texts.push(JSON.parse(`${data}`)))
  await once(socket, 'open')
  return { socket, texts, types: () => texts.map(({ type }) => type) }
}

describe('the handset', () => {
  test('rings, hears the service, tells what happens, and ends', async () => {
    service.on('/voice', () => twiml('<Say>hello</Say><Hangup/>'))
    const heard: Buffer[] = []
    const timeline: TimelineEntry[] = []
    const call = await dialPhone({
      url,
      headers,
      from: CALLER,
      onFrame: (frame) => heard.push(frame),
      onTimeline: (entry) => timeline.push(entry),
    })
    expect(carrier.calls.get(call.callSid)?.from).toBe(CALLER)
    expect(await call.ended).toEqual({ reason: 'completed' })
    expect(Buffer.concat(heard).includes(sound)).toBe(true)
    expect(timeline[0]).toMatchObject({ type: 'dialed', callSid: call.callSid })
    expect(timeline.at(-1)).toMatchObject({ type: 'ended', by: 'service' })
  })

  test('carries what the caller says, fifty frames a second, into the stream', async () => {
    service.on('/voice', () =>
      twiml(`<Connect><Stream url="${service.origin.replace('http', 'ws')}/media"/></Connect>`),
    )
    const opened = service.nextSocket()
    const speech = new FrameBuffer()
    speech.push(sound)
    let isTalking = false
    const call = await dialPhone({
      url,
      headers,
      from: CALLER,
      nextFrame: () => (isTalking ? speech.take() : null),
    })
    const { messages } = await opened
    isTalking = true
    const began = performance.now()
    const payloads: Buffer[] = []
    while (!Buffer.concat(payloads).includes(sound)) {
      const { value } = await messages.next()
      if (value.event === 'media')
        payloads.push(Buffer.from((value.media as { payload: string }).payload, 'base64'))
    }
    expect(performance.now() - began).toBeGreaterThan(180)
    call.hangUp()
    expect(await call.ended).toEqual({ reason: 'completed' })
    expect(carrier.calls.get(call.callSid)?.timeline).toContainEqual(
      expect.objectContaining({ type: 'ended', by: 'caller' }),
    )
  })

  test('presses keys', async () => {
    service.on('/voice', () => twiml('<Pause length="60"/>'))
    const digits: string[] = []
    const onTimeline = (entry: TimelineEntry) => entry.type === 'digit' && digits.push(entry.digit)
    const call = await dialPhone({ url, headers, from: CALLER, onTimeline })
    call.pressDigit('7')
    call.pressDigit('#')
    await expect.poll(() => digits).toEqual(['7', '#'])
    call.hangUp()
    await call.ended
  })

  test('hangs up when its socket is gone', async () => {
    service.on('/voice', () => twiml('<Pause length="60"/>'))
    const { socket, types } = await rawHandset()
    socket.send('{"type":"dial","from":"anonymous"}')
    await expect.poll(types).toContain('ringing')
    socket.terminate()
    const [call] = carrier.calls.values()
    await call?.ended
    expect(call?.timeline.at(-1)).toMatchObject({ type: 'ended', by: 'caller' })
  })

  test('can place one call after the other, and not two at once', async () => {
    service.on('/voice', () => twiml('<Pause length="60"/>'))
    const { socket, texts, types } = await rawHandset()
    socket.send('{"type":"dial","from":"+1555"}')
    socket.send('{"type":"dial","from":"+1555"}')
    await expect.poll(types).toContain('error')
    expect(texts.find(({ type }) => type === 'error')?.message).toMatch(/is on a call/)
    socket.send('{"type":"hangup"}')
    await expect.poll(types).toContain('ended')
    socket.send('{"type":"dial","from":"+1555"}')
    await expect.poll(() => types().filter((type) => type === 'ringing').length).toBe(2)
    socket.terminate()
  })

  test.each([
    ['no JSON', 'hello'],
    ['no type', '{}'],
    ['an unknown type', '{"type":"fax"}'],
    ['no number', '{"type":"dial"}'],
    ['a number that is none', '{"type":"dial","from":"<script>"}'],
    ['a key that is none', '{"type":"digit","digit":"12"}'],
  ])('is told when it sends %s, and stays connected', async (_, text) => {
    const { socket, texts } = await rawHandset()
    socket.send(text)
    await expect.poll(() => texts[0]?.message).toMatch(/no message of a handset/)
    expect(socket.readyState).toBe(WebSocket.OPEN)
    socket.terminate()
  })

  test('is cut off when it sends a huge message', async () => {
    const { socket } = await rawHandset()
    socket.send(Buffer.alloc(100_000))
    const [code] = await once(socket, 'close')
    expect(code).toBe(1009)
  })

  test('is refused without the key, and left alone on other paths', async () => {
    await expect(dialPhone({ url, from: CALLER })).rejects.toThrow(/admin key is wrong or missing/)
    server.on('upgrade', (request, socket) => {
      if (request.url !== '/simulator/phone')
        socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n')
    })
    await expect(dialPhone({ url: `${url}/x`, headers, from: CALLER })).rejects.toThrow(
      /no simulated carrier/,
    )
    await expect(dialPhone({ url: 'ws://127.0.0.1:1/', from: CALLER })).rejects.toThrow(/ECONNREFUSED/)
    await expect(dialPhone({ url, headers, from: 'no number' })).rejects.toThrow(/no message of a handset/)
  })

  test('cannot dial when the carrier has been stopped', async () => {
    await carrier.stop()
    await expect(dialPhone({ url, headers, from: CALLER })).rejects.toThrow(/has been stopped/)
  })
})
