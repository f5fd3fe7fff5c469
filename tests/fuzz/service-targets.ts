import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { newSid } from '../../src/simulator/carrier/sid.ts'
import { parseTwiml } from '../../src/simulator/carrier/twiml.ts'
import type { SeededRandom } from '../chaos/seeded-random.ts'
import type { ScriptedStream } from '../support/scripted-stream.ts'
import { type ScriptedWorld, SERVICE_NUMBER } from '../support/scripted-world.ts'
import type { SipServers } from '../support/sip-servers.ts'
import {
  type Description,
  type OddRequest,
  oddApiRequest,
  oddPage,
  oddWebhook,
  routesIn,
} from './http-requests.ts'
import { mutated, mutatedBytes, NASTY, oddText } from './mutation.ts'
import { oddHeaders, SESSIONS } from './sip-text.ts'
import type { Fault, Target } from './target.ts'

/* What a running service is sent over its sockets: HTTP, upgrades and media streams, and SIP through a simulated drachtio-server. */

/** Longer than any answer may take; whoever waits longer waits for ever. */
const HANGS_MS = 30_000
/** So long a broken message is given to be answered; most are by nobody. */
const BROKEN_MS = 20
/** Limits count by address: requests come from many, all of them this machine's. */
const ADDRESSES = 100
/** The service is too busy, by its own word: that is an answer. */
const BUSY = 503

/** Each with its share and how many cases are under way at once; what takes a whole call is rarer. */
export const SERVICE_TARGETS = {
  'http-api': { weight: 14, width: 16 },
  'http-webhooks': { weight: 12, width: 16 },
  'http-pages': { weight: 6, width: 16 },
  'http-bytes': { weight: 5, width: 16 },
  'media-frames': { weight: 1.5, width: 4 },
  sip: { weight: 1.5, width: 4 },
} as const

export type FuzzWorld = { world: ScriptedWorld; sip: SipServers; description: Description }

/** How often HTTP was answered with what; 0 is a connection that was closed without an answer. */
export type Answers = Record<number, number>

export function serviceTargets({ world, sip, description }: FuzzWorld, answers: Answers): Target[] {
  const { origin } = world.node
  const http = new HttpClient(origin, answers)
  const routes = routesIn(description)
  const runs: Record<keyof typeof SERVICE_TARGETS, Target['run']> = {
    'http-api': (random) => http.send(oddApiRequest(random.pick(routes), world.adminKey, random)),
    'http-webhooks': (random) => http.send(oddWebhook(origin, world.carrier.authToken, random)),
    'http-pages': (random) => http.send(oddPage(random)),
    'http-bytes': (random) => sendBytes(origin, brokenRequest(random)),
    'media-frames': (random) => sendFrames(world, random),
    sip: (random) => invite(sip, random),
  }
  return Object.entries(SERVICE_TARGETS).map(([name, share]) => ({
    name,
    ...share,
    run: runs[name as keyof typeof runs],
  }))
}

class HttpClient {
  readonly #origin: string
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 32 })

  readonly #answers: Answers
  #sent = 0

  constructor(origin: string, answers: Answers) {
    this.#origin = origin
    this.#answers = answers
  }

  /** A reset without an answer is one that Node's own reader gives to what is no HTTP. */
  async send(odd: OddRequest): Promise<Fault> {
    const input = JSON.stringify(odd)
    const status = await this.#statusOf(odd)
    this.#answers[status ?? 0] = (this.#answers[status ?? 0] ?? 0) + 1
    if (status === null) return { what: 'hang', detail: `no answer within ${HANGS_MS} ms`, input }
    return status >= 500 && status !== BUSY
      ? { what: 'serverError', detail: `answered ${status}`, input }
      : null
  }

  #statusOf({ method, path, headers, body }: OddRequest): Promise<number | null> {
    const { hostname, port } = new URL(this.#origin)
    const plain = Object.entries(headers).map(([name, value]) => [name, value.replace(/[^\x20-\x7e]/g, '')])
    return new Promise((resolve) => {
      const sent = request(
        {
          hostname,
          port,
          method,
          path,
          headers: Object.fromEntries(plain),
          agent: this.#agent,
          localAddress: `127.2.0.${1 + (this.#sent++ % ADDRESSES)}`,
          timeout: HANGS_MS,
        },
        (response) => {
          resolve(response.statusCode ?? 0)
          // A stream of events has no end.
          if (response.headers['content-type']?.startsWith('text/event-stream')) response.destroy()
          else response.resume()
        },
      )
      sent.on('error', () => resolve(0))
      sent.on('timeout', () => {
        resolve(null)
        sent.destroy()
      })
      sent.end(body ?? undefined)
    })
  }
}

const REQUESTS = [
  'GET /health HTTP/1.1\r\nHost: a\r\n\r\n',
  'POST /webhooks/inbound HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\nCallSid=x',
  'PUT /api/v1/voices/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'GET /media-stream/0190a0a0-0000-7000-8000-000000000000 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  'GET /sip-media/x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: audio.drachtio.org\r\n\r\n\x81\x85',
]

const brokenRequest = (random: SeededRandom) =>
  mutatedBytes(Buffer.from(mutated(random.pick(REQUESTS), random), 'latin1'), random)

/** Bytes that are hardly HTTP, and perhaps the beginning of a WebSocket. */
async function sendBytes(origin: string, bytes: Buffer): Promise<Fault> {
  const { hostname, port } = new URL(origin)
  const socket = connect(Number(port), hostname)
  const answered = new Promise<string>((resolve) => {
    socket.once('data', (data) => resolve(data.toString('latin1')))
    for (const end of ['close', 'error'] as const) socket.once(end, () => resolve(''))
  })
  socket.write(bytes)
  const answer = await Promise.race([answered, pause(BROKEN_MS, '')])
  socket.destroy()
  const [, status = '0'] = /^HTTP\/1\.1 (\d{3})/.exec(answer) ?? []
  if (Number(status) < 500 || Number(status) === BUSY) return null
  return { what: 'serverError', detail: answer.slice(0, 200), input: bytes.toString('base64') }
}

const MESSAGES = [
  '{"event":"connected","protocol":"Call","version":"1.0.0"}',
  '{"event":"stop","sequenceNumber":"5","streamSid":"MZ1"}',
  '{"event":"media","sequenceNumber":"4","media":{"track":"inbound","chunk":"1","timestamp":"20","payload":"//////8="},"streamSid":"MZ1"}',
  '{"event":"dtmf","streamSid":"MZ1","sequenceNumber":"5","dtmf":{"track":"inbound_track","digit":"1"}}',
  '{"event":"mark","sequenceNumber":"4","streamSid":"MZ1","mark":{"name":"a"}}',
  '{"event":"start","sequenceNumber":"1","start":{"accountSid":"AC1","streamSid":"MZ1","callSid":"CA1","tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},"customParameters":{"token":"x"}},"streamSid":"MZ1"}',
]

/** A call that is told to open its stream, opens it, and says odd things on it: with its token, or from the first word on. */
async function sendFrames(world: ScriptedWorld, random: SeededRandom): Promise<Fault> {
  const origin = world.node.origin
  const sid = newSid('CA')
  const form = world.carrier.fieldsOf({ sid, from: '+15550100008', to: SERVICE_NUMBER })
  await world.carrier.post(`${origin}/webhooks/inbound`, form)
  const answer = await world.carrier.post(`${origin}/webhooks/status-callback`, form)
  const [verb] = parseTwiml(await answer.text())
  const said = Array.from({ length: random.between(1, 12) }, () => oddMessage(random))
  // All lines may be taken just then.
  if (verb?.verb === 'Connect') {
    const stream = await world.carrier.openStream(verb.stream.url)
    if (random.happens(0.8)) stream.start(sid, { token: verb.parameters.token ?? '' })
    await say(stream, said)
  }
  await world.carrier.post(`${origin}/webhooks/call-status`, { ...form, CallStatus: 'completed' })
  return null
}

const oddMessage = (random: SeededRandom): string | Buffer =>
  random.happens(0.2)
    ? mutatedBytes(Buffer.alloc(random.between(0, 400), 0xff), random)
    : oddText(MESSAGES, random)

async function say(stream: ScriptedStream, said: readonly (string | Buffer)[]): Promise<void> {
  for (const message of said) if (stream.isOpen) stream.send(message)
  await Promise.race([stream.closed, pause(BROKEN_MS)])
  stream.drop()
}

/** Addresses of a trunk, and of somebody who is none. */
const SOURCES = ['127.1.0.9', '127.66.6.6']

/** An INVITE, or something else, with odd headers and an odd session; who is answered hangs up. */
async function invite({ phone }: SipServers, random: SeededRandom): Promise<Fault> {
  const sourceAddress = random.pick(SOURCES)
  const { Via, CSeq, 'Call-ID': _, ...headers } = oddHeaders(random)
  const plain = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, value.replace(/[\0\r\n]/g, '')]),
  )
  if (random.happens(0.3)) {
    const method = random.pick(['OPTIONS', 'MESSAGE', 'SUBSCRIBE', 'REFER', 'INFO', 'BYE', 'NOTIFY'])
    const answered = phone.request(method, { sourceAddress, headers: plain })
    await Promise.race([answered, pause(BROKEN_MS)])
    return null
  }
  const sdp = random.happens(0.6) ? oddText(SESSIONS, random) : random.pick(SESSIONS)
  const to = random.happens(0.8) ? SERVICE_NUMBER : random.pick(NASTY).replace(/[^\x21-\x7e]/g, 'x')
  const line = phone.invite({ from: '+15550100007', to, sourceAddress, headers: plain, sdp })
  await Promise.race([line.final, pause(4 * BROKEN_MS)])
  if (line.isAnswered) await Promise.race([line.bye(), pause(BROKEN_MS)])
  line.abandon()
  return null
}

/** Resolves when the service answers as it did before all this; rejects when it does not any more. */
export async function stillAnswers({ world }: FuzzWorld): Promise<void> {
  const response = await fetch(`${world.node.origin}/health`, { signal: AbortSignal.timeout(HANGS_MS) })
  await response.arrayBuffer()
  if (response.status !== 200) throw new Error(`/health answers ${response.status} after all cases.`)
}

/** Lines of the log that tell of an error: the service did not do what it was asked, whatever it answered. */
export const errorsIn = (output: string): string[] =>
  output
    .split('\n')
    .filter((line) => /"level":"(error|fatal)"|^\s+at .*\(file:|Uncaught|FATAL ERROR/.test(line))
