import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { LegName } from '../calls/ports.ts'
import { HttpProblem } from '../problem/problem.ts'
import { refuseUpgrade } from '../problem/refuse-upgrade.ts'
import type { CarrierCodec } from './carrier-port.ts'
import { CarrierSocket } from './carrier-socket.ts'
import { MediaSession, type MediaSessionOptions } from './media-session.ts'

/** A carrier's audio message is below 1 KiB and its `start` below 8 KiB; what is larger than this comes from no carrier. */
const MAX_MESSAGE_BYTES = 64 * 1024
/** Carriers send a message in one piece; a thousand tiny ones would cost far more memory than their bytes. */
const MAX_FRAGMENTS = 64
/** Watchdogs are seconds long and audio that waits is drained by this; finer would only cost. */
const TICK_MS = 250
/** Far above the calls that one process can carry. */
const MAX_SESSIONS = 2_000
/**
 * A carrier's stream joins its call within milliseconds. Those that have not are counted apart, and by address, so that
 * strangers who never say `start` leave room for callers, and for each other.
 */
const MAX_UNJOINED = { ofOneAddress: 100, ofAll: 1_000 }

const CALL_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

type UpgradeVerdict = { ok: true } | { ok: false; status: number; reason: string }

/** Where a carrier's streams come in: `<path>{callId}`. */
export type MediaRoute = {
  /** Begins and ends with a slash, as in `/media-stream/`. */
  path: string
  /** Makes the codec of one stream. */
  codec: () => CarrierCodec
  /** Whether the request is the carrier's own. */
  checkUpgrade?: (request: IncomingMessage) => UpgradeVerdict
  /** Ends the leg of a stream whose codec has no message for that. */
  hangUp?: (leg: LegName) => Promise<void>
}

export type MediaServerOptions = Omit<MediaSessionOptions, 'hangUp'> & {
  routes: readonly MediaRoute[]
  maxSessions?: number
  /** Who opens a stream; by default whoever is at the other end of the socket. */
  addressOf?: (request: IncomingMessage) => string | undefined
}

type NewStream = { route: MediaRoute; callId: string; address: string }

/** Takes the carriers' media streams on an HTTP server that others use too, and holds their sessions. */
export class MediaServer {
  readonly #options: MediaServerOptions
  readonly #maxSessions: number
  readonly #sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MAX_MESSAGE_BYTES,
    maxFragments: MAX_FRAGMENTS,
    // Base64 of speech hardly shrinks, and every stream would hold a compressor.
    perMessageDeflate: false,
  })
  readonly #sessions = new Set<MediaSession>()
  /** The addresses of those that have not joined their calls. */
  readonly #unjoined = new Map<MediaSession, string>()
  #whenIdle: (() => void)[] = []
  #stopTicking: (() => void) | null = null
  #stopping = false

  constructor(options: MediaServerOptions) {
    this.#options = options
    this.#maxSessions = options.maxSessions ?? MAX_SESSIONS
  }

  /** Streams whose sockets are open, joined or not. */
  get liveSessions(): number {
    return this.#sessions.size
  }

  /** Each of them, with the number of its bridge once it was let in. */
  get sessions(): { callId: string; bridgeNumber: number | null }[] {
    return [...this.#sessions].map(({ callId, bridgeNumber }) => ({ callId, bridgeNumber }))
  }

  /** Answers the upgrades of its own routes; all others are left to other listeners. */
  attach(server: Server): void {
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const found = this.#find(request)
      if (found === null) return
      const refusal = this.#refusalOf(found, request)
      if (refusal !== null)
        return refuseUpgrade(request, socket, new HttpProblem(refusal.status, refusal.reason))
      const stream = { ...found, address: this.#addressOf(request) }
      this.#sockets.handleUpgrade(request, socket, head, (opened) => this.#open(opened, socket, stream))
    })
  }

  /** Resolves when no session is live, now or later. */
  whenIdle(): Promise<void> {
    if (this.#sessions.size === 0) return Promise.resolve()
    return new Promise((resolve) => this.#whenIdle.push(resolve))
  }

  /**
   * Takes no more streams and closes those there are, each call being told that its bridge broke: its carrier asks
   * again, and another node bridges it. Resolves when all are gone, which is bounded.
   */
  stop(code = 1012, reason = 'this node is going down'): Promise<void> {
    this.#stopping = true
    for (const session of this.#sessions) session.close(code, reason, 'broken')
    return this.whenIdle()
  }

  #find(request: IncomingMessage): { route: MediaRoute; callId: string } | null {
    const path = (request.url ?? '').split('?', 1)[0] as string
    const route = this.#options.routes.find((candidate) => path.startsWith(candidate.path))
    return route === undefined ? null : { route, callId: path.slice(route.path.length).replace(/\/$/, '') }
  }

  #refusalOf({ route, callId }: { route: MediaRoute; callId: string }, request: IncomingMessage) {
    if (!CALL_ID.test(callId))
      return { status: 404, reason: `The path is ${route.path}{callId}, with a UUID.` }
    if (this.#stopping) return { status: 503, reason: 'This node is going down.' }
    if (this.#isFullFor(this.#addressOf(request)))
      return { status: 503, reason: 'Too many streams are open.' }
    const verdict = route.checkUpgrade?.(request) ?? { ok: true }
    return verdict.ok ? null : verdict
  }

  #addressOf(request: IncomingMessage): string {
    const address = this.#options.addressOf?.(request) ?? request.socket.remoteAddress
    return address ?? ''
  }

  #isFullFor(address: string): boolean {
    const own = [...this.#unjoined.values()].filter((other) => other === address).length
    return (
      own >= MAX_UNJOINED.ofOneAddress ||
      this.#unjoined.size >= MAX_UNJOINED.ofAll ||
      this.#sessions.size >= this.#maxSessions
    )
  }

  #open(stream: WebSocket, wire: Duplex, { route, callId, address }: NewStream): void {
    const codec = route.codec()
    const carrier = new CarrierSocket(stream, wire, codec)
    const options = { ...this.#options, hangUp: route.hangUp ?? (async () => {}) }
    const session = new MediaSession(carrier, codec, callId.toLowerCase(), options, {
      onJoined: (joined) => this.#unjoined.delete(joined),
      onClosed: (closed) => this.#forget(closed),
    })
    this.#sessions.add(session)
    this.#unjoined.set(session, address)
    this.#options.metrics.counts.liveSessions = this.#sessions.size
    this.#stopTicking ??= this.#options.clock.every(TICK_MS, () => {
      for (const each of this.#sessions) each.tick()
    })
  }

  #forget(session: MediaSession): void {
    this.#sessions.delete(session)
    this.#unjoined.delete(session)
    this.#options.metrics.counts.liveSessions = this.#sessions.size
    if (this.#sessions.size > 0) return
    this.#stopTicking?.()
    this.#stopTicking = null
    for (const resolve of this.#whenIdle.splice(0)) resolve()
  }
}
