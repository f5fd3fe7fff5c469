import { once } from 'node:events'
import { createServer, get, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { readBody } from '../../src/simulator/carrier/http-client.ts'
import { closeHard, listenHere } from '../support/loopback.ts'

/** Balancers wait a second or more for an answer to their health check. */
const LOOK_TIMEOUT_MS = 1_000
/** A node that has not answered by now is not waited for; the carrier has a second address for that. */
const ANSWER_TIMEOUT_MS = 5_000
const CONNECT_TIMEOUT_MS = 1_000
const MAX_BODY_BYTES = 16 * 1024 * 1024

type Target = { origin: string; isUp: boolean }
type Way = { target: Target; socket: Socket }

/**
 * A load balancer as they are set up by default (nginx, HAProxy): it looks at each node's /health at an interval, sends
 * requests to the nodes that are up in turn, to the next where one takes no connection, and never repeats a POST that it
 * has sent. A node that breaks off or does not answer is down until the next look. When none is up, all are tried.
 */
export class LoadBalancer {
  readonly origin: string
  readonly #server: Server
  readonly #lookEveryMs: number
  readonly #sockets = new Set<Duplex>()
  readonly #closing = new AbortController()
  /** Where the latest media stream of each call went. */
  readonly #streams = new Map<string, string>()
  #targets: Target[] = []
  #turn = 0

  private constructor(server: Server, origin: string, lookEveryMs: number) {
    this.#server = server
    this.origin = origin
    this.#lookEveryMs = lookEveryMs
    server.on('request', (incoming, outgoing) => void this.#pass(incoming, outgoing))
    server.on('upgrade', (incoming, socket, head) => void this.#join(incoming, socket, head))
  }

  static async open(lookEveryMs: number): Promise<LoadBalancer> {
    const server = createServer()
    return new LoadBalancer(server, await listenHere(server), lookEveryMs)
  }

  /** Takes in a node that is well. */
  add(origin: string): void {
    const target = { origin, isUp: true }
    this.#targets.push(target)
    void this.#watch(target)
  }

  remove(origin: string): void {
    this.#targets = this.#targets.filter((target) => target.origin !== origin)
  }

  isUp(origin: string): boolean {
    return this.#targets.some((target) => target.origin === origin && target.isUp)
  }

  /** The node that has the call's media stream, or had it last. */
  nodeOf(callId: string): string | null {
    return this.#streams.get(callId) ?? null
  }

  get openStreams(): number {
    return this.#sockets.size / 2
  }

  async close(): Promise<void> {
    this.#closing.abort()
    for (const socket of this.#sockets) socket.destroy()
    await closeHard(this.#server)
  }

  async #watch(target: Target): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted && this.#targets.includes(target)) {
      target.isUp = await isWell(target.origin)
      await sleep(this.#lookEveryMs, null, { signal }).catch(() => {})
    }
  }

  async #pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await readBody(incoming, MAX_BODY_BYTES).catch(() => null)
    if (!body) return void outgoing.destroy()
    for (const candidate of this.#inTurn()) {
      const way = await this.#connect(candidate)
      if (!way) continue
      const status = await forward(way, incoming, outgoing, body)
      if (status === null) return
      way.target.isUp = false
      if (incoming.method !== 'GET') return void outgoing.writeHead(status).end()
    }
    outgoing.writeHead(503).end()
  }

  /** A WebSocket is two pipes, and ends when either side does. */
  async #join(incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy())
    for (const candidate of this.#inTurn()) {
      const way = await this.#connect(candidate)
      if (!way) continue
      const callId = incoming.url?.split('/').at(-1) ?? ''
      this.#streams.set(callId, way.target.origin)
      way.socket.write(requestHead(incoming))
      way.socket.write(head)
      this.#pipe(way.socket, socket)
      this.#pipe(socket, way.socket)
      return
    }
    socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
  }

  #pipe(from: Duplex, to: Duplex): void {
    this.#sockets.add(from)
    from.pipe(to)
    from.on('close', () => {
      this.#sockets.delete(from)
      to.destroy()
    })
  }

  #inTurn(): Target[] {
    const up = this.#targets.filter(({ isUp }) => isUp)
    const all = up.length > 0 ? up : this.#targets
    const first = this.#turn++ % Math.max(1, all.length)
    return [...all.slice(first), ...all.slice(0, first)]
  }

  async #connect(target: Target): Promise<Way | null> {
    const { hostname, port } = new URL(target.origin)
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    socket.on('error', () => socket.destroy())
    const timer = setTimeout(() => socket.destroy(new Error('no connection in time')), CONNECT_TIMEOUT_MS)
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    clearTimeout(timer)
    if (!isOpen) target.isUp = false
    return isOpen ? { target, socket } : null
  }
}

function isWell(origin: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = get(`${origin}/health`, { agent: false, timeout: LOOK_TIMEOUT_MS }, (answer) => {
      answer.resume()
      resolve(answer.statusCode === 200)
    })
    asked.on('timeout', () => asked.destroy(new Error('no answer in time')))
    asked.on('error', () => resolve(false))
  })
}

/** Resolves with null when the node's answer was passed on, or with the status that says what became of it instead. */
function forward(
  { socket }: Way,
  { method, url, headers }: IncomingMessage,
  outgoing: ServerResponse,
  body: Buffer,
): Promise<502 | 504 | null> {
  return new Promise((resolve) => {
    const sent = request({
      method,
      path: url,
      headers: { ...headers, connection: 'close' },
      createConnection: () => socket,
    })
    const tooLate = setTimeout(() => {
      resolve(504)
      socket.destroy()
    }, ANSWER_TIMEOUT_MS)
    sent.on('error', () => resolve(502)).on('close', () => clearTimeout(tooLate))
    sent.on('response', (answer) => {
      readBody(answer, MAX_BODY_BYTES).then(
        (answered) => {
          outgoing.writeHead(answer.statusCode ?? 502, answer.headers).end(answered)
          resolve(null)
        },
        () => resolve(502),
      )
    })
    sent.end(body)
  })
}

function requestHead({ method, url, rawHeaders }: IncomingMessage): string {
  const lines = rawHeaders.map((part, index) => (index % 2 ? `${part}\r\n` : `${part}: `))
  return `${method} ${url} HTTP/1.1\r\n${lines.join('')}\r\n`
}
