import { once } from 'node:events'
import { request } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { LEG } from '../../src/model/call-model.ts'
import { TwilioMediaStream } from '../../src/telephony/twilio/media-stream.ts'
import { CALL_ID } from './chart-calls.ts'
import { Relay } from './relay.ts'

let relay: Relay
afterEach(() => relay.stop())

/** What the HTTP server answers to an upgrade that it does not take. */
async function refusal(
  path: string,
): Promise<{ status: number; type: string; body: Record<string, unknown> }> {
  const headers = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  }
  const asked = request(`${relay.origin.replace('ws', 'http')}${path}`, { headers, agent: false }).end()
  const [response] = await once(asked, 'response')
  const chunks = await response.toArray()
  return {
    status: response.statusCode,
    type: response.headers['content-type'],
    body: JSON.parse(Buffer.concat(chunks).toString()),
  }
}

test('a path of ours with something else than a call id is not found', async () => {
  relay = await Relay.start()
  expect(await refusal('/media-stream/nobody')).toMatchObject({
    status: 404,
    type: 'application/problem+json',
    body: {
      status: 404,
      title: 'Not Found',
      detail: 'The path is /media-stream/{callId}, with a UUID.',
      instance: '/media-stream/nobody',
    },
  })
})

test('a query and a slash at the end do no harm', async () => {
  relay = await Relay.start()
  const carrier = await relay.connect(`/media-stream/${CALL_ID.toUpperCase()}/?token=stripped`)
  carrier.start(relay.calls.token)
  await relay.until(() => expect(relay.calls.view.bridge).toBe('talking'))
})

test('upgrades to other paths are left to others', async () => {
  relay = await Relay.start()
  const others = new WebSocketServer({ noServer: true })
  relay.http.on('upgrade', (asked, socket, head) => {
    if (asked.url === '/console') others.handleUpgrade(asked, socket, head, (stream) => stream.send('hello'))
  })
  const stream = new WebSocket(`${relay.origin}/console`)
  const [greeting] = await once(stream, 'message')
  expect(greeting.toString()).toBe('hello')
  stream.close()
  await once(stream, 'close')
})

test('whoever fails the check of its route is told the status and the reason', async () => {
  const codec = () => new TwilioMediaStream()
  relay = await Relay.start({
    routes: [
      {
        path: '/media-stream/',
        codec,
        checkUpgrade: () => ({ ok: false, status: 403, reason: 'The signature is wrong.' }),
      },
      {
        path: '/sip-media/',
        codec,
        checkUpgrade: ({ headers }) => (headers.host ? { ok: true } : { ok: false, status: 400, reason: '' }),
      },
    ],
  })
  expect(await refusal(`/media-stream/${CALL_ID}`)).toMatchObject({
    status: 403,
    body: { detail: 'The signature is wrong.' },
  })
  const carrier = await relay.connect(`/sip-media/${CALL_ID}`)
  carrier.start(relay.calls.token)
  await relay.until(() => expect(relay.calls.view.bridge).toBe('talking'))
})

test('no more streams are taken than allowed, and again when one has gone', async () => {
  relay = await Relay.start({ maxSessions: 1 })
  const first = await relay.bridge()
  expect(await refusal(`/media-stream/${CALL_ID}`)).toMatchObject({
    status: 503,
    body: { detail: 'Too many streams are open.' },
  })
  first.stop()
  await first.whenClosed()
  await relay.until(() => expect(relay.media.liveSessions).toBe(0))
  relay.calls.tell({ type: 'leg.instructionsRequested' })
  await relay.bridge()
})

test('streams that say nothing leave room for those of others, and are forgotten in time', async () => {
  let address = '198.51.100.1'
  relay = await Relay.start({ addressOf: () => address })
  for (let count = 0; count < 100; count++) await relay.connect()
  expect(await refusal(`/media-stream/${CALL_ID}`)).toMatchObject({ status: 503 })
  address = '198.51.100.2'
  const honest = await relay.bridge()
  expect(honest.closed).toBeNull()
  address = '198.51.100.1'
  relay.clock.advance(5_000)
  await relay.until(() => expect(relay.media.liveSessions).toBe(1))
  const again = await relay.connect()
  expect(again.closed).toBeNull()
})

test('streams are not compressed, whatever the carrier offers', async () => {
  relay = await Relay.start()
  const stream = new WebSocket(`${relay.origin}/media-stream/${CALL_ID}`, { perMessageDeflate: true })
  await once(stream, 'open')
  expect(stream.extensions).toBe('')
  stream.terminate()
})

test('a node that goes down hands its streams over: they close with 1012 and their calls wait to be bridged again', async () => {
  relay = await Relay.start()
  const carrier = await relay.bridge()
  let idle = false
  const whenIdle = relay.media.whenIdle().then(() => {
    idle = true
  })
  const stopped = relay.media.stop()
  expect(await refusal(`/media-stream/${CALL_ID}`)).toMatchObject({ status: 503 })
  expect(await carrier.whenClosed()).toEqual({ code: 1012, reason: 'this node is going down' })
  await Promise.all([stopped, whenIdle])
  expect(idle).toBe(true)
  expect(relay.calls.events.at(-1)).toEqual({ type: 'media.lost', leg: LEG, bridgeNumber: 1, clean: false })
  expect(relay.calls.view.state).toBe('rejoining')
  expect(relay.agent.latest.closes).toBe(1)
})

test('with nothing live, idle is now', async () => {
  relay = await Relay.start()
  await relay.media.whenIdle()
  expect(relay.clock.pending).toBe(0)
})
