import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { readBody } from '../../src/simulator/carrier/http-client.ts'
import { closeHard, listenHere } from './loopback.ts'

/** A node that restarts is back in a second or two; whoever waits longer waits for nobody. */
const PATIENCE_MS = 15_000
const RETRY_MS = 25
/** Larger than any upload of a story. */
const MAX_BODY_BYTES = 16 * 1024 * 1024

/**
 * A load balancer before the nodes: one origin for all, request after request to the next node. While no node takes
 * connections a request waits, and one whose node died before it answered is sent to the next, as ingresses do.
 */
export class LoadBalancer {
  readonly origin: string
  /** The origins that take turns; a story may change them at any time. */
  nodes: string[] = []
  readonly #server: Server
  readonly #sockets = new Set<Duplex>()
  #turn = 0
  #isClosed = false

  private constructor(server: Server, origin: string) {
    this.#server = server
    this.origin = origin
    server.on('request', (incoming, outgoing) => void this.#pass(incoming, outgoing))
    server.on('upgrade', (incoming, socket, head) => void this.#join(incoming, socket, head))
  }

  static async open(): Promise<LoadBalancer> {
    const server = createServer()
    return new LoadBalancer(server, await listenHere(server))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const socket of this.#sockets) socket.destroy()
    await closeHard(this.#server)
  }

  async #pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await readBody(incoming, MAX_BODY_BYTES).catch(() => null)
    const deadline = Date.now() + PATIENCE_MS
    while (body && Date.now() < deadline && !outgoing.destroyed) {
      const node = await this.#connect(deadline)
      if (!node) break
      const answer = await answerFrom(node, incoming, body).catch(() => null)
      if (!answer) continue
      outgoing.writeHead(answer.head.statusCode ?? 502, answer.head.headers)
      if (answer.body) return void outgoing.end(answer.body)
      answer.head.on('error', () => outgoing.destroy()).pipe(outgoing)
      outgoing.on('close', () => node.destroy())
      return
    }
    outgoing.destroy()
  }

  /** A WebSocket is two pipes, and ends when either side does. */
  async #join(incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy())
    const node = await this.#connect(Date.now() + PATIENCE_MS)
    if (!node) return void socket.destroy()
    const { method, url, rawHeaders } = incoming
    const lines = rawHeaders.map((part, index) => (index % 2 ? `${part}\r\n` : `${part}: `))
    node.write(`${method} ${url} HTTP/1.1\r\n${lines.join('')}\r\n`)
    node.write(head)
    for (const [from, to] of [
      [node, socket],
      [socket, node],
    ] as const) {
      this.#sockets.add(from)
      from.pipe(to)
      from.on('close', () => {
        this.#sockets.delete(from)
        to.destroy()
      })
    }
  }

  /** A connection to whichever node is next and takes one; null when none does for too long. */
  async #connect(deadline: number): Promise<Socket | null> {
    while (Date.now() < deadline && !this.#isClosed) {
      for (let tried = 0; tried < this.nodes.length; tried++) {
        const node = await dial(this.nodes[this.#turn++ % this.nodes.length] as string)
        if (node) return node
      }
      await sleep(RETRY_MS)
    }
    return null
  }
}

async function dial(origin: string): Promise<Socket | null> {
  const { hostname, port } = new URL(origin)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => socket.destroy())
  return once(socket, 'connect').then(
    () => socket,
    () => null,
  )
}

/** A whole answer, or the beginning of one that goes on. Rejects when the node dies before that. */
async function answerFrom(node: Socket, { method, url, headers }: IncomingMessage, body: Buffer) {
  const sent = { ...headers, connection: 'close' }
  const head = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ method, path: url, headers: sent, createConnection: () => node }, resolve)
      .on('error', reject)
      .end(body)
  })
  const goesOn = head.headers['content-type']?.startsWith('text/event-stream')
  return { head, body: goesOn ? null : await readBody(head, MAX_BODY_BYTES) }
}
