import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'
import { MU_LAW_RATE } from '../../src/audio/mulaw.ts'
import { writeMuLawWav } from '../../src/audio/wav.ts'

/** A story is over long before a sound ends by itself. */
const SOUND_SECONDS = 60
const LONG_SOUND = writeMuLawWav(Buffer.alloc(SOUND_SECONDS * MU_LAW_RATE, 0x80))

/** RFC 6455, section 7.4.1. */
const NORMAL = 1000
const BROKEN = 1011

const sockets = new WebSocketServer({ noServer: true })

/**
 * What stands between a FreeSWITCH and a node, so that a test decides what FreeSWITCH, be it a real one, does by itself: a
 * sound lasts until it is broken off, and a fork waits to be let through, or breaks on the side of it that is chosen.
 */
export class ForkGate {
  readonly origin: string
  /** The node's origin. */
  target = ''
  readonly #server: Server
  readonly #forks: GatedFork[] = []

  private constructor(server: Server) {
    this.#server = server
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    server.on('request', (request, response) => void this.#sound(request, response))
    server.on('upgrade', (request, socket, head) =>
      this.#forks.push(new GatedFork({ request, socket, head }, () => this.target)),
    )
  }

  static async open(): Promise<ForkGate> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new ForkGate(server)
  }

  /** The forks of this call, in the order in which FreeSWITCH began them. */
  forksOf(callId: string): GatedFork[] {
    return this.#forks.filter((fork) => fork.callId === callId)
  }

  async close(): Promise<void> {
    for (const fork of this.#forks) fork.cut()
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  /** What the node has under this address, made long. */
  async #sound({ url = '' }: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status } = await fetch(new URL(url, this.target))
    response.writeHead(status, { 'Content-Type': 'audio/wav', 'Content-Length': LONG_SOUND.length })
    response.end(LONG_SOUND)
  }
}

type Dial = { request: IncomingMessage; socket: Duplex; head: Buffer }

/** One fork: FreeSWITCH's side, the relay's side, and nothing that passes from one to the other without leave. */
class GatedFork {
  readonly callId: string
  readonly #dial: Dial
  readonly #target: () => string
  #freeSwitch: WebSocket | null = null
  #relay: WebSocket | null = null

  constructor(dial: Dial, target: () => string) {
    this.#dial = dial
    this.#target = target
    this.callId = (dial.request.url ?? '').split('/').at(-1) ?? ''
    dial.socket.on('error', () => {})
  }

  /** FreeSWITCH has dialled, and waits for an answer. */
  get isWaiting(): boolean {
    return this.#freeSwitch === null && !this.#dial.socket.destroyed
  }

  /** FreeSWITCH waits or takes its fork for open. */
  get isHeld(): boolean {
    return this.isWaiting || isOpen(this.#freeSwitch)
  }

  get isRelayed(): boolean {
    return isOpen(this.#relay)
  }

  /** Joins FreeSWITCH to the relay. Rejects when the relay refuses. */
  async letThrough(): Promise<void> {
    const relay = new WebSocket(new URL(this.#dial.request.url ?? '', this.#target().replace(/^http/, 'ws')))
    relay.on('error', () => {})
    await once(relay, 'open')
    this.#relay = relay
    const freeSwitch = this.#answer()
    freeSwitch.on('message', (data, binary) => relay.send(data, { binary }))
    relay.on('message', (data, binary) => freeSwitch.send(data, { binary }))
    freeSwitch.on('close', () => relay.close())
  }

  /** Breaks the side of FreeSWITCH, also of a fork that waits: it is answered first. */
  breakFreeSwitch(): void {
    const freeSwitch = this.#freeSwitch ?? this.#answer()
    freeSwitch.removeAllListeners('close')
    freeSwitch.close(BROKEN)
  }

  /** Ends the side of the relay: in good order as a FreeSWITCH does that hangs up, or without a word. */
  endRelay({ clean }: { clean: boolean }): void {
    if (!this.isRelayed) throw new Error('There is no stream to lose.')
    if (clean) this.#relay?.close(NORMAL)
    else this.#relay?.terminate()
  }

  /** Ends both sides. */
  cut(): void {
    this.#relay?.terminate()
    this.#freeSwitch?.terminate()
    this.#dial.socket.destroy()
  }

  #answer(): WebSocket {
    const { request, socket, head } = this.#dial
    sockets.handleUpgrade(request, socket, head, (freeSwitch) => {
      this.#freeSwitch = freeSwitch
    })
    if (!this.#freeSwitch) throw new Error('FreeSWITCH dialled with what is no WebSocket request.')
    this.#freeSwitch.on('error', () => {})
    return this.#freeSwitch
  }
}

const isOpen = (socket: WebSocket | null): boolean => socket?.readyState === WebSocket.OPEN
