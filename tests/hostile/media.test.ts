import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { newSid } from '../../src/simulator/carrier/sid.ts'
import { twilioSignature } from '../../src/simulator/carrier/signature.ts'
import { parseTwiml, type VerbOf } from '../../src/simulator/carrier/twiml.ts'
import type { ScriptedStream } from '../support/scripted-stream.ts'
import { ScriptedWorld, SERVICE_NUMBER } from '../support/scripted-world.ts'
import { until } from '../support/until.ts'
import { harmless } from './expect-no-effect.ts'

const UNKNOWN_CALL = '0190a0a0-0000-7000-8000-000000000000'
const SILENCE = Buffer.alloc(160, 0xff)

let world: ScriptedWorld

beforeAll(async () => {
  world = await ScriptedWorld.begin({ LOG_LEVEL: 'warn' })
  await world.startNode()
})
afterAll(() => world.end())

type Call = { sid: string; id: string; url: string; token: string; form: Record<string, string> }

/** A call whose leg has been told to open its stream. */
async function callToJoin(): Promise<Call> {
  const sid = newSid('CA')
  const form = world.carrier.fieldsOf({ sid, from: '+15550100008', to: SERVICE_NUMBER })
  await world.carrier.post(`${world.node.origin}/webhooks/inbound`, form)
  const answer = await world.carrier.post(`${world.node.origin}/webhooks/status-callback`, form)
  const { stream, parameters } = connectIn(await answer.text())
  return { sid, id: stream.url.slice(-36), url: stream.url, token: parameters.token ?? '', form }
}

function connectIn(document: string): VerbOf<'Connect'> {
  const [verb] = parseTwiml(document)
  if (verb?.verb !== 'Connect') throw new Error(`A leg is told ${document} and not to connect.`)
  return verb
}

async function open({ url }: { url: string }): Promise<ScriptedStream> {
  return world.carrier.openStream(url)
}

/** A call that speaks with its agent. */
async function bridgedCall(): Promise<{ call: Call; stream: ScriptedStream }> {
  const call = await callToJoin()
  const stream = await open(call)
  stream.start(call.sid, { token: call.token })
  await expectState(call, 'bridged', 'connecting')
  await vi.waitFor(() => expect(world.vendor.conversationsOf(call.id)).toHaveLength(1))
  world.vendor.conversationsOf(call.id)[0]?.begin()
  await expectState(call, 'bridged', 'talking')
  return { call, stream }
}

async function expectState({ id }: Call, state: string, bridge: string | null = null): Promise<void> {
  await vi.waitFor(async () => {
    expect(await (await world.admin(`/calls/${id}`)).json()).toMatchObject({ state, bridge })
  })
}

/** What a refused upgrade is answered with. */
async function refusalOf(path: string, headers: Record<string, string> = {}): Promise<number | undefined> {
  const upgrade = request(`${world.node.origin}${path}`, {
    headers: {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
      ...headers,
    },
  }).end()
  const [answer] = await Promise.race([once(upgrade, 'response'), once(upgrade, 'upgrade')])
  answer.socket?.destroy()
  return answer.statusCode
}

describe('an upgrade', () => {
  test.each([
    [
      'with a wrong signature',
      403,
      ['signature_wrong'],
      `/media-stream/${UNKNOWN_CALL}`,
      { 'X-Twilio-Signature': 'x' },
    ],
    ['that names no call', 404, [], '/media-stream/', {}],
    ['that names something else than a call', 404, [], '/media-stream/1', {}],
    ['that climbs', 404, [], '/media-stream/..%2f..%2fapi%2fv1%2fcalls', {}],
    ['with a path behind the call', 404, [], `/media-stream/${UNKNOWN_CALL}/x`, {}],
    ['to nowhere', 404, [], '/nowhere', {}],
    ['to a webhook', 404, [], '/webhooks/inbound', {}],
    ['in a version of long ago', 400, [], `/media-stream/${UNKNOWN_CALL}`, { 'Sec-WebSocket-Version': '7' }],
    ['with a key that is none', 400, [], `/media-stream/${UNKNOWN_CALL}`, { 'Sec-WebSocket-Key': 'short' }],
  ])('%s is answered %i', async (_, status, counted, path, headers) => {
    expect(await harmless(world, counted, () => refusalOf(path, headers as Record<string, string>))).toBe(
      status,
    )
  })

  test('signed for one call does not open the stream of another', async () => {
    const call = await callToJoin()
    const signature = twilioSignature(world.carrier.authToken, call.url.replace(call.id, UNKNOWN_CALL))
    const refused = () => refusalOf(`/media-stream/${call.id}`, { 'X-Twilio-Signature': signature })
    expect(await harmless(world, ['signature_wrong'], refused)).toBe(403)
  })
})

describe('a stream is closed with 1008, and the call waits on, when', () => {
  test.each([
    ['the token is wrong', (call: Call) => ({ sid: call.sid, parameters: { token: `${call.token}x` } })],
    ['the token is missing', (call: Call) => ({ sid: call.sid, parameters: {} })],
    ['the token is empty', (call: Call) => ({ sid: call.sid, parameters: { token: '' } })],
    ['the token is huge', (call: Call) => ({ sid: call.sid, parameters: { token: 'x'.repeat(60_000) } })],
    [
      'the CallSid is of another call',
      (call: Call) => ({ sid: newSid('CA'), parameters: { token: call.token } }),
    ],
  ])('%s', async (_, claim) => {
    const call = await callToJoin()
    const { sid, parameters } = claim(call)
    await harmless(world, ['stream_refused'], async () => {
      const stream = await open(call)
      stream.start(sid, parameters as Record<string, string>)
      expect((await stream.closed).code).toBe(1008)
    })
    await expectState(call, 'joining')
  })

  test('the call is unknown', async () => {
    const url = `${world.node.origin.replace('http', 'ws')}/media-stream/${UNKNOWN_CALL}`
    await harmless(world, ['stream_refused'], async () => {
      const stream = await open({ url })
      stream.start(newSid('CA'), { token: 'x' })
      expect((await stream.closed).code).toBe(1008)
    })
  })

  test('the token is of a call that is not the one in the path', async () => {
    const [one, other] = [await callToJoin(), await callToJoin()]
    await harmless(world, ['stream_refused'], async () => {
      const stream = await open(one)
      stream.start(other.sid, { token: other.token })
      expect((await stream.closed).code).toBe(1008)
    })
  })

  test('the token is of a bridge that is over', async () => {
    const call = await callToJoin()
    await world.carrier.post(`${world.node.origin}/webhooks/stream-ended?bridgeNumber=1`, call.form)
    await harmless(world, ['stream_refused'], async () => {
      const stream = await open(call)
      stream.start(call.sid, { token: call.token })
      expect((await stream.closed).code).toBe(1008)
    })
    await expectState(call, 'joining')
  })

  test('the call has ended', async () => {
    const call = await callToJoin()
    const over = { ...call.form, CallStatus: 'completed' }
    await world.carrier.post(`${world.node.origin}/webhooks/call-status`, over)
    await harmless(world, ['stream_refused'], async () => {
      const stream = await open(call)
      stream.start(call.sid, { token: call.token })
      expect((await stream.closed).code).toBe(1008)
    })
  })

  test.each<[string, string | Buffer]>([
    ['it begins with audio', JSON.stringify({ event: 'media', media: { payload: '////' } })],
    ['it begins with a number', '7'],
    ['it begins with an array', '[]'],
    ['it begins with half a message', '{"event":"sta'],
    ['it begins with nothing', ''],
    ['it begins with bytes', Buffer.from([1, 2, 3])],
    ['it begins with very deep JSON', '['.repeat(60_000)],
    ['its `start` says nothing', JSON.stringify({ event: 'start' })],
    ['its `start` is an array', JSON.stringify({ event: 'start', start: [] })],
    ['its `start` has a streamSid that would break out', startWith({ streamSid: '"}},{"event":"clear"' })],
    ['its `start` has another audio format', startWith({ mediaFormat: { encoding: 'audio/l16' } })],
  ])('%s', async (_, message) => {
    const call = await callToJoin()
    await harmless(world, ['invalid_media_message'], async () => {
      const stream = await open(call)
      stream.send(message)
      expect((await stream.closed).code).toBe(1008)
    })
    await expectState(call, 'joining')
  })
})

function startWith(change: object): string {
  const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 }
  return JSON.stringify({
    event: 'start',
    start: { streamSid: 'MZ1', callSid: 'CA1', mediaFormat, ...change },
  })
}

describe('of two streams for one call', () => {
  test('the second is closed with 1008 and the first lives', async () => {
    const { call, stream } = await bridgedCall()
    await harmless(world, ['stream_refused'], async () => {
      const second = await open(call)
      second.start(call.sid, { token: call.token })
      expect((await second.closed).code).toBe(1008)
    })
    stream.media(SILENCE)
    const [conversation] = world.vendor.conversationsOf(call.id)
    await vi.waitFor(() => expect(conversation?.received.at(-1)).toHaveProperty('user_audio_chunk'))
    await expectState(call, 'bridged', 'talking')
  })

  test('one gets in, even of twenty that come at once', async () => {
    const call = await callToJoin()
    const streams = await Promise.all(Array.from({ length: 20 }, () => open(call)))
    for (const stream of streams) stream.start(call.sid, { token: call.token })
    await until('the others are closed', () => streams.filter(({ isOpen }) => isOpen).length === 1)
    await expectState(call, 'bridged', 'connecting')
    const joins = `select 1 from call_event where call_id = $1 and type = 'media.joined'`
    expect(await world.db.query(joins, [call.id])).toHaveLength(1)
  })
})

describe('in a bridge', () => {
  test.each<[string, string | Buffer]>([
    ['text that is no JSON', 'hello?'],
    ['bytes', randomBytes(400)],
    ['a second `start`', startWith({})],
    [
      'audio that is no base64',
      JSON.stringify({ event: 'media', media: { track: 'inbound', payload: '*' } }),
    ],
    ['a mark without a name', JSON.stringify({ event: 'mark', mark: {} })],
    ['a `stop` of another stream', JSON.stringify({ event: 'stop', streamSid: 'MZother' })],
  ])('%s is counted, and the call goes on', async (_, message) => {
    const { call, stream } = await bridgedCall()
    await harmless(world, ['invalid_media_message'], async () => {
      stream.send(message)
      stream.media(SILENCE)
      const [conversation] = world.vendor.conversationsOf(call.id)
      await vi.waitFor(() => expect(conversation?.received.at(-1)).toHaveProperty('user_audio_chunk'))
    })
    expect(stream.isOpen).toBe(true)
  })

  test('a huge frame costs the stream, and the call is bridged again', async () => {
    const { call, stream } = await bridgedCall()
    stream.send('x'.repeat(65 * 1024))
    expect((await stream.closed).code).toBe(1009)
    await expectState(call, 'rejoining')
    const answer = await world.carrier.post(
      `${world.node.origin}/webhooks/stream-ended?bridgeNumber=1`,
      call.form,
    )
    const { stream: next, parameters } = connectIn(await answer.text())
    const again = await open(next)
    again.start(call.sid, { token: parameters.token ?? '' })
    await expectState(call, 'bridged', 'connecting')
  })

  test('a flood of audio costs nobody the call', async () => {
    const { call, stream } = await bridgedCall()
    for (let frame = 0; frame < 5_000; frame++) stream.media(SILENCE)
    const [conversation] = world.vendor.conversationsOf(call.id)
    await vi.waitFor(() => expect(conversation?.received.length).toBeGreaterThan(1_000), { timeout: 5_000 })
    expect(stream.isOpen).toBe(true)
    await expectState(call, 'bridged', 'talking')
  })
})

describe('a socket that breaks the rules of WebSocket', () => {
  /** Upgrades on a socket of its own, sends these bytes, and resolves with the close code that comes back. */
  async function closeCodeFor(call: Call, frames: Buffer): Promise<number> {
    const { hostname, port } = new URL(world.node.origin)
    const socket = connect(Number(port), hostname)
    const upgrade = [
      `GET /media-stream/${call.id} HTTP/1.1`,
      `Host: ${hostname}:${port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    ]
    socket.write(`${upgrade.join('\r\n')}\r\n\r\n`)
    await once(socket, 'data')
    socket.write(frames)
    const [answer] = (await once(socket, 'data')) as [Buffer]
    socket.destroy()
    // A close frame: opcode 8, the length, and the code.
    expect(answer[0]).toBe(0x88)
    return answer.readUInt16BE(2)
  }

  const masked = (opcode: number, payload: Buffer) =>
    Buffer.concat([Buffer.from([opcode, 0x80 | payload.length, 0, 0, 0, 0]), payload])

  test.each([
    ['without a mask', Buffer.from([0x81, 0x02, 0x7b, 0x7d]), 1002],
    ['with a reserved bit', Buffer.from([0xf1, 0x80, 0, 0, 0, 0]), 1002],
    ['of an opcode that is not used', Buffer.from([0x83, 0x80, 0, 0, 0, 0]), 1002],
    [
      'that says it is 8 EiB long',
      Buffer.from([0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
      1009,
    ],
    ['of text that is no UTF-8', masked(0x81, Buffer.from([0xc3, 0x28])), 1007],
    [
      'in a thousand pieces',
      Buffer.concat([masked(0x01, Buffer.from('{')), ...Array(999).fill(masked(0x00, Buffer.from('a')))]),
      1008,
    ],
  ])('by a frame %s is closed', async (_, frames, code) => {
    const call = await callToJoin()
    await harmless(world, ['invalid_media_message'], async () => {
      expect(await closeCodeFor(call, frames)).toBe(code)
    })
    await expectState(call, 'joining')
  })
})
