import { once } from 'node:events'
import twilio from 'twilio'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import type { Carrier } from '../../src/simulator/carrier/carrier.ts'
import { ScriptedCaller } from '../support/scripted-caller.ts'
import {
  ACCOUNT_SID,
  AUTH_TOKEN,
  CALLER,
  entriesOf,
  type ServiceDouble,
  type StreamMessage,
  startServiceDouble,
  startTestCarrier,
  twiml,
  until,
} from './service-double.ts'

let service: ServiceDouble
let carrier: Carrier

beforeEach(async () => {
  service = await startServiceDouble()
  carrier = await startTestCarrier(service)
  service.on('/ended', () => twiml('<Hangup/>'))
})

afterEach(async () => {
  await carrier.stop()
  await service.stop()
})

function connectTo(path: string, after = ''): string {
  const url = `${service.origin.replace('http', 'ws')}${path}`
  const parameter = '<Parameter name="token" value="t0ken"/>'
  return twiml(`<Connect action="/ended"><Stream url="${url}">${parameter}</Stream></Connect>${after}`)
}

/** A call whose stream is open, seen from both ends. */
async function bridge() {
  service.on('/voice', () => connectTo('/media/1'))
  const opened = service.nextSocket()
  const caller = new ScriptedCaller()
  const call = carrier.call({ from: CALLER, caller })
  const { socket, request, messages } = await opened
  const connected = await next(messages)
  const start = await next(messages)
  const send = (message: object) => socket.send(JSON.stringify({ streamSid: start.streamSid, ...message }))
  return { caller, call, socket, request, messages, connected, start, send }
}

async function next(messages: AsyncIterator<StreamMessage>): Promise<StreamMessage> {
  const { value, done } = await messages.next()
  if (done) throw new Error('The stream has ended.')
  return value
}

async function nextOf(event: string, messages: AsyncIterator<StreamMessage>): Promise<StreamMessage> {
  for (;;) {
    const message = await next(messages)
    if (message.event === event) return message
  }
}

function media(audio: Buffer) {
  return { event: 'media', media: { payload: audio.toString('base64') } }
}

async function closedWith(socket: WebSocket): Promise<number> {
  const [code] = await once(socket, 'close')
  return code
}

describe('a media stream', () => {
  test('opens with a signature over its URL, then says connected and start', async () => {
    const { call, request, connected, start } = await bridge()
    const signature = request.headers['x-twilio-signature'] as string
    const url = `${service.origin.replace('http', 'ws')}/media/1`
    expect(twilio.validateRequest(AUTH_TOKEN, signature, url, {})).toBe(true)
    expect(connected).toEqual({ event: 'connected', protocol: 'Call', version: '1.0.0' })
    expect(start).toEqual({
      event: 'start',
      sequenceNumber: '1',
      streamSid: expect.stringMatching(/^MZ[\da-f]{32}$/),
      start: {
        streamSid: start.streamSid,
        accountSid: ACCOUNT_SID,
        callSid: call.sid,
        tracks: ['inbound'],
        mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
        customParameters: { token: 't0ken' },
      },
    })
    expect(entriesOf(call, 'stream-opened')).toMatchObject([{ url, parameters: { token: 't0ken' } }])
  })

  test('carries every frame of the caller, numbered without a gap', async () => {
    const { caller, messages } = await bridge()
    const speech = Buffer.from(Array.from({ length: 800 }, (_, i) => i % 250))
    caller.say(speech)
    const frames: { chunk: string; timestamp: string; payload: Buffer }[] = []
    for (let sequence = 2; sequence < 40; sequence++) {
      const message = await next(messages)
      expect(message).toMatchObject({ event: 'media', sequenceNumber: `${sequence}` })
      const { track, chunk, timestamp, payload } = message.media as Record<string, string>
      expect(track).toBe('inbound')
      frames.push({
        chunk: chunk ?? '',
        timestamp: timestamp ?? '',
        payload: Buffer.from(payload ?? '', 'base64'),
      })
    }
    expect(frames.every(({ payload }) => payload.length === 160)).toBe(true)
    expect(frames.map(({ chunk }) => chunk)).toEqual(frames.map((_, i) => `${i + 1}`))
    expect(frames.map(({ timestamp }) => timestamp)).toEqual(frames.map((_, i) => `${i * 20}`))
    const heard = Buffer.concat(frames.map(({ payload }) => payload))
    expect(heard.includes(speech)).toBe(true)
    expect(heard.at(0)).toBe(heard.indexOf(speech) === 0 ? speech[0] : 0xff)
  })

  test('plays what the service sends and returns a mark once it has been heard', async () => {
    const { caller, call, send, messages } = await bridge()
    const speech = Buffer.from(Array.from({ length: 4000 }, (_, i) => i % 250))
    send(media(speech.subarray(0, 1001)))
    send(media(speech.subarray(1001)))
    send({ event: 'mark', mark: { name: 'said' } })
    const mark = await nextOf('mark', messages)
    expect(mark).toMatchObject({ mark: { name: 'said' }, streamSid: expect.any(String) })
    expect(caller.heard.includes(speech)).toBe(true)
    expect(entriesOf(call, 'mark-returned')).toMatchObject([{ name: 'said', outcome: 'played' }])
    expect(entriesOf(call, 'stream-audio').length).toBe(1)
  })

  test('returns a mark at once when nothing waits to be played', async () => {
    const { send, messages } = await bridge()
    send({ event: 'mark', mark: { name: 'now' } })
    expect(await nextOf('mark', messages)).toMatchObject({ mark: { name: 'now' } })
  })

  test('empties its buffer on clear, and gives the marks back', async () => {
    const { caller, call, send, messages } = await bridge()
    send(media(Buffer.alloc(80_000, 7)))
    send({ event: 'mark', mark: { name: 'unheard' } })
    send({ event: 'clear' })
    expect(await nextOf('mark', messages)).toMatchObject({ mark: { name: 'unheard' } })
    expect(entriesOf(call, 'cleared')[0]?.unheardMs).toBeGreaterThan(8000)
    expect(entriesOf(call, 'mark-returned')).toMatchObject([{ outcome: 'cleared' }])
    expect(caller.heard.filter((byte) => byte === 7).length).toBeLessThan(16_000)
  })

  test('says which key was pressed', async () => {
    const { call, messages } = await bridge()
    call.pressDigit('5')
    expect(await nextOf('dtmf', messages)).toMatchObject({ dtmf: { track: 'inbound_track', digit: '5' } })
  })

  test('takes ten minutes ahead and no more', async () => {
    const { call, send } = await bridge()
    for (let minute = 0; minute < 11; minute++) send(media(Buffer.alloc(480_000, 7)))
    expect(await until(call, 'warning')).toMatchObject({ code: 31931 })
  })
})

describe('the end of a stream', () => {
  test('by the caller: stop, then close, and nobody is asked for more', async () => {
    const { call, messages, socket } = await bridge()
    call.hangUp()
    expect(await nextOf('stop', messages)).toMatchObject({
      stop: { accountSid: ACCOUNT_SID, callSid: call.sid },
    })
    expect((await messages.next()).done).toBe(true)
    await call.ended
    expect(socket.readyState).toBe(socket.CLOSED)
    expect(entriesOf(call, 'stream-closed')).toMatchObject([{ by: 'caller', code: null }])
    expect(service.at('/ended')).toEqual([])
  })

  test('by the service: the call goes on with the action', async () => {
    const { call, socket } = await bridge()
    socket.close(1000, 'done')
    await call.ended
    expect(entriesOf(call, 'stream-closed')).toMatchObject([
      { by: 'service', code: 31921, reason: 'closed with 1000 done' },
    ])
    expect(service.at('/ended')).toMatchObject([{ isSigned: true, fields: { CallStatus: 'in-progress' } }])
  })

  test('by a broken network: no stop, and the call goes on with the action', async () => {
    const { call, socket, messages } = await bridge()
    expect(call.dropStream()).toBe(true)
    expect(await closedWith(socket)).toBe(1006)
    for (let left = await messages.next(); !left.done; left = await messages.next())
      expect(left.value.event).toBe('media')
    await call.ended
    expect(entriesOf(call, 'stream-closed')).toMatchObject([{ by: 'fault' }])
    expect(service.at('/ended').length).toBe(1)
    expect(call.dropStream()).toBe(false)
  })

  test('without an action: the call goes on with the next verb', async () => {
    const url = `${service.origin.replace('http', 'ws')}/media/1`
    service.on('/voice', () => twiml(`<Connect><Stream url="${url}"/></Connect><Redirect>/next</Redirect>`))
    service.on('/next', () => twiml('<Hangup/>'))
    const opened = service.nextSocket()
    const call = carrier.call({ from: CALLER, caller: new ScriptedCaller() })
    ;(await opened).socket.close()
    await call.ended
    expect(service.at('/next').length).toBe(1)
  })

  const invalid: [string, (sid: string) => string | Buffer, number][] = [
    ['a binary message', () => Buffer.from('{"event":"clear"}'), 31950],
    ['what is no JSON', () => '{', 31951],
    ['an unknown event', (streamSid) => JSON.stringify({ event: 'dtmf', streamSid }), 31951],
    ['a missing streamSid', () => JSON.stringify({ event: 'clear' }), 31951],
    ["another stream's streamSid", () => JSON.stringify({ event: 'clear', streamSid: 'MZ1' }), 31951],
    ['a field too many', (streamSid) => JSON.stringify({ event: 'clear', streamSid, extra: 1 }), 31951],
    [
      'bad base64',
      (streamSid) => JSON.stringify({ event: 'media', streamSid, media: { payload: '*' } }),
      31951,
    ],
  ]
  test.each(invalid)('after %s', async (_, message, code) => {
    const { call, socket, start } = await bridge()
    socket.send(message(start.streamSid ?? ''))
    expect(await closedWith(socket)).toBe(1000)
    await call.ended
    expect(entriesOf(call, 'stream-closed')).toMatchObject([{ by: 'error', code }])
    expect(service.at('/ended').length).toBe(1)
  })

  test('when it cannot be opened', async () => {
    service.on('/voice', () => twiml('<Connect action="/ended"><Stream url="ws://127.0.0.1:1/x"/></Connect>'))
    const call = carrier.call({ from: CALLER, caller: new ScriptedCaller() })
    await call.ended
    expect(entriesOf(call, 'stream-closed')).toMatchObject([{ by: 'error', code: 31902 }])
    expect(service.at('/ended').length).toBe(1)
  })

  test('when the handshake is refused', async () => {
    const url = carrier.apiBaseUrl.replace('http', 'ws')
    service.on('/voice', () => twiml(`<Connect action="/ended"><Stream url="${url}/x"/></Connect>`))
    const call = carrier.call({ from: CALLER, caller: new ScriptedCaller() })
    await call.ended
    expect(entriesOf(call, 'stream-closed')).toMatchObject([{ by: 'error', code: 31920 }])
  })

  test('while it is being opened', async () => {
    service.on('/voice', () => connectTo('/media/1'))
    const call = carrier.call({ from: CALLER, caller: new ScriptedCaller() })
    const off = call.onTimeline(({ type }) => type === 'verb-started' && setImmediate(() => call.hangUp()))
    await call.ended
    off()
    expect(call.status).toBe('completed')
  })

  test('when its URL is none', async () => {
    service.on('/voice', () => twiml('<Connect><Stream url="https://host/x"/></Connect>'))
    const call = carrier.call({ from: CALLER, caller: new ScriptedCaller() })
    await call.ended
    expect(entriesOf(call, 'error')).toMatchObject([{ code: 31922 }])
  })
})

test('a query in the stream URL is not sent, and warned of', async () => {
  service.on('/voice', () => connectTo('/media/1?token=x'))
  const opened = service.nextSocket()
  const call = carrier.call({ from: CALLER, caller: new ScriptedCaller() })
  expect((await opened).request.url).toBe('/media/1')
  expect(entriesOf(call, 'warning')[0]?.message).toMatch(/must have no query/)
})

test('the stream status callback hears of start and end', async () => {
  const url = `${service.origin.replace('http', 'ws')}/media/1`
  const stream = `<Stream url="${url}" name="talk" statusCallback="${service.origin}/stream-status"/>`
  service.on('/voice', () => twiml(`<Connect>${stream}</Connect>`))
  service.on('/stream-status', () => ({ status: 204 }))
  const opened = service.nextSocket()
  const call = carrier.call({ from: CALLER, caller: new ScriptedCaller() })
  ;(await opened).socket.close()
  await call.ended
  const told = service.at('/stream-status').map(({ fields }) => fields)
  expect(told.map(({ StreamEvent }) => StreamEvent).sort()).toEqual(['stream-started', 'stream-stopped'])
  expect(told[0]).toMatchObject({ CallSid: call.sid, AccountSid: ACCOUNT_SID, StreamName: 'talk' })
})
