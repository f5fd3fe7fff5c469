import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { ScriptedStream } from '../support/scripted-stream.ts'
import { ScriptedWorld } from '../support/scripted-world.ts'
import { unchanged } from './expect-no-effect.ts'

/*
 * What comes over a socket before it is a request: bytes that are no HTTP, and clients who take for ever.
 */

const SLOW_CLIENTS = 100

let world: ScriptedWorld
/** Clients who began a request when the first test began, and never end it. */
let slowHeaders: SlowClient[]
let slowBodies: SlowClient[]
/** A stream that says nothing, and one that says hello and no more. */
let silentStreams: ScriptedStream[]

beforeAll(async () => {
  world = await ScriptedWorld.begin({ LOG_LEVEL: 'warn' })
  await world.startNode()
  const clients = (begin: string) =>
    Promise.all(Array.from({ length: SLOW_CLIENTS }, () => SlowClient.connect(begin)))
  slowHeaders = await clients('GET /health HTTP/1.1\r\nHost: x\r\n')
  slowBodies = await clients(
    'POST /webhooks/inbound HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\n',
  )
  const url = `${world.node.origin.replace('http', 'ws')}/media-stream/0190a0a0-0000-7000-8000-000000000000`
  silentStreams = await Promise.all([ScriptedStream.open(url), ScriptedStream.open(url)])
  silentStreams[0]?.send(JSON.stringify({ event: 'connected', protocol: 'Call', version: '1.0.0' }))
})
afterAll(async () => {
  for (const stream of silentStreams) stream.drop()
  for (const client of [...slowHeaders, ...slowBodies]) client.leave()
  await world.end()
})

function dial(): Socket {
  const { hostname, port } = new URL(world.node.origin)
  return connect(Number(port), hostname)
}

/** A client who sends a byte now and then. */
class SlowClient {
  answer = ''
  isClosed = false
  readonly #socket: Socket
  readonly #trickle: NodeJS.Timeout

  private constructor(socket: Socket) {
    this.#socket = socket
    this.#trickle = setInterval(() => socket.write('x'), 500)
    socket.on('data', (bytes) => {
      this.answer += bytes
    })
    socket.on('error', () => {})
    socket.on('close', () => this.leave())
  }

  static async connect(begin: string): Promise<SlowClient> {
    const socket = dial()
    await once(socket, 'connect')
    socket.write(begin)
    return new SlowClient(socket)
  }

  leave(): void {
    clearInterval(this.#trickle)
    this.isClosed = true
    this.#socket.destroy()
  }
}

/** Sends these bytes and resolves with everything that comes back until the service hangs up. */
async function answerTo(bytes: string | Buffer): Promise<string> {
  const socket = dial()
  let answer = ''
  socket.on('data', (data) => {
    answer += data
  })
  socket.on('error', () => {})
  socket.write(bytes)
  await once(socket, 'close')
  return answer
}

test('an idle connection is kept for longer than proxies keep theirs', async () => {
  const { headers } = await fetch(`${world.node.origin}/health`)
  expect(headers.get('keep-alive')).toBe('timeout=75')
})

describe('bytes that are no HTTP', () => {
  const head = (lines: string[]) => `${lines.join('\r\n')}\r\n\r\n`

  test.each([
    ['a greeting', 'hello\r\n\r\n', 400],
    ['TLS', Buffer.from('16030100050100000100', 'hex'), 400],
    ['a method that nobody knows', head(['EVIL / HTTP/1.1', 'Host: x']), 400],
    ['a version that nobody knows', head(['GET / HTTP/9.9', 'Host: x']), 400],
    ['no host', head(['GET /health HTTP/1.1']), 400],
    ['a header without a colon', head(['GET /health HTTP/1.1', 'Host: x', 'what']), 400],
    ['a header with NUL', head(['GET /health HTTP/1.1', 'Host: x', 'X: a\0b']), 400],
    ['headers that fold', head(['GET /health HTTP/1.1', 'Host: x', 'X: a', ' b']), 400],
    ['a negative length', head(['POST /webhooks/inbound HTTP/1.1', 'Host: x', 'Content-Length: -1']), 400],
    [
      'two lengths',
      head(['POST /webhooks/inbound HTTP/1.1', 'Host: x', 'Content-Length: 1', 'Content-Length: 2']),
      400,
    ],
    [
      'a length and chunks',
      head(['POST /webhooks/inbound HTTP/1.1', 'Host: x', 'Content-Length: 4', 'Transfer-Encoding: chunked']),
      400,
    ],
    [
      'chunks that are not chunked',
      `${head(['POST /webhooks/inbound HTTP/1.1', 'Host: x', 'Transfer-Encoding: chunked'])}zz\r\n`,
      400,
    ],
    ['headers of 20 kB', head(['GET /health HTTP/1.1', 'Host: x', `X: ${'x'.repeat(20_000)}`]), 431],
  ])('such as %s are answered and cut off', async (_, bytes, status) => {
    const answer = await unchanged(world, () => answerTo(bytes))
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  })

  test('may stop anywhere', async () => {
    const request = 'POST /webhooks/inbound HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab'
    await unchanged(world, async () => {
      for (let length = 0; length < request.length; length += 7) {
        const socket = dial().on('error', () => {})
        await once(socket, 'connect')
        socket.end(request.slice(0, length))
        socket.resetAndDestroy()
      }
      await expect.poll(() => world.node.isHealthy()).toBe(true)
    })
  })
})

describe('clients who take for ever', () => {
  test('keep nobody else waiting', async () => {
    const began = performance.now()
    for (let i = 0; i < 20; i++) expect(await world.node.isHealthy()).toBe(true)
    expect((performance.now() - began) / 20).toBeLessThan(100)
  })

  test('to begin their stream are closed with 1008', async () => {
    const closed = await Promise.all(silentStreams.map((stream) => stream.closed))
    expect(closed.map(({ code }) => code)).toEqual([1008, 1008])
  })

  test('are cut off in time, and told why', async () => {
    for (const clients of [slowHeaders, slowBodies]) {
      await vi.waitFor(() => expect(clients.filter(({ isClosed }) => !isClosed)).toEqual([]), {
        timeout: 30_000,
        interval: 100,
      })
      expect(new Set(clients.map(({ answer }) => answer.split('\r\n', 1)[0]))).toEqual(
        new Set(['HTTP/1.1 408 Request Timeout']),
      )
    }
  }, 60_000)
})
