import type { Logger } from 'pino'
import { type RawData, WebSocket } from 'ws'
import { awakeMs, loopDelay } from '../../runtime/loop-delay.ts'
import { vendorWords } from '../../voices/ports.ts'
import { hangUp } from '../hang-up.ts'
import { readRefusedUpgrade } from '../refused-upgrade.ts'
import { authorization, NO_KEY, type OpenAiAccount, socketUrl } from './account.ts'
import { lossByRefusal, type OpenAiLoss } from './errors.ts'
import type { SessionEnd } from './session-term.ts'

/** Shorter than the chart's own patience, so that the cause is known when a call gives up. */
const CONNECT_MS = 8_000
/** Some seconds of speech come in one message; a megabyte of base64 is a minute and a half. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024
/** One odd message is the vendor's new idea; this many are noise. */
const MAX_INVALID = 20
const WATCH_MS = 1_000
/** The vendor says nothing while nobody speaks, so that it is asked whether it is there. */
const PING_AFTER_MS = 4_000
const AS_TEXT = { binary: false, compress: false }

export type SessionSocketOptions = {
  account: OpenAiAccount
  path: string
  query?: Record<string, string>
  silenceTimeoutMs: number
  log: Logger
}

/** None is called before the constructor has returned; `over` once and last, and none after `close`. */
export interface SocketListener {
  connected?(): void
  message(data: Buffer, isBinary: boolean): void
  /** Whether this close of a session that was set up is how the vendor ends one; else it is a loss. */
  isEnd(code: number): boolean
  over(end: SessionEnd): void
}

/** The socket of one session: its time limits, and its one end, by `finish` or `close`. */
export class SessionSocket {
  readonly #options: SessionSocketOptions
  readonly #listener: SocketListener
  readonly #log: Logger
  #socket: WebSocket | null = null
  #isSetUp = false
  #isOver = false
  #invalid = 0
  #lastHeardAt = awakeMs()
  #lastPingAt = 0
  /** What the socket said before it closed. */
  #said: OpenAiLoss | null = null
  #cancelDeadline: () => void
  #watch: NodeJS.Timeout | null = null

  constructor(options: SessionSocketOptions, listener: SocketListener) {
    this.#options = options
    this.#listener = listener
    this.#log = options.log
    const tooLate = { kind: 'lost', cause: 'connect_timeout', detail: null, isPermanent: false } as const
    this.#cancelDeadline = loopDelay.after(CONNECT_MS, () => this.finish(tooLate))
    this.#connect()
  }

  get bufferedBytes(): number {
    return this.#socket?.bufferedAmount ?? 0
  }

  /** The session was set up, and is not over. */
  get isOpen(): boolean {
    return this.#isSetUp && !this.#isOver
  }

  get isOver(): boolean {
    return this.#isOver
  }

  send(message: Buffer | string): void {
    if (!this.#isOver) this.#socket?.send(message, AS_TEXT)
  }

  /** The vendor has set the session up: from now on it may last, and is watched. */
  setUp(): void {
    this.#cancelDeadline()
    this.#isSetUp = true
    this.#watch = setInterval(() => this.#lookAfter(), WATCH_MS)
  }

  countInvalid(why: string): void {
    this.#log.debug({ why }, 'the agent sent something that is no message')
    if (++this.#invalid > MAX_INVALID)
      this.finish({ kind: 'lost', cause: 'garbage', detail: null, isPermanent: false })
  }

  finish(end: SessionEnd): void {
    if (this.#end()) this.#listener.over(end)
  }

  close(): void {
    this.#end()
  }

  #connect(): void {
    const socket = this.#dial()
    if (!(socket instanceof WebSocket)) {
      queueMicrotask(() => this.finish({ kind: 'lost', ...socket, isPermanent: true }))
      return
    }
    this.#socket = socket
    this.#listenTo(socket)
  }

  /** Or why there is nobody to dial. */
  #dial(): WebSocket | { cause: string; detail: string } {
    const { account, path, query = {} } = this.#options
    if (account.apiKey === null) return { cause: 'no_key', detail: NO_KEY }
    try {
      return new WebSocket(socketUrl(account, path, query), {
        headers: authorization(account),
        maxPayload: MAX_MESSAGE_BYTES,
        perMessageDeflate: false,
      })
    } catch {
      // A key with a line break, or an address that is none.
      const detail = 'OPENAI_BASE_URL or OPENAI_API_KEY cannot be used for a connection.'
      return { cause: 'bad_address', detail }
    }
  }

  #listenTo(socket: WebSocket): void {
    socket.on('unexpected-response', (_, answer) => {
      void readRefusedUpgrade(answer).then((refusal) => {
        this.finish({ kind: 'lost', ...lossByRefusal(answer.statusCode ?? 0, refusal) })
      })
    })
    socket.on('open', () => {
      if (!this.#isOver) this.#listener.connected?.()
    })
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary))
    socket.on('ping', () => this.#heard())
    socket.on('pong', () => this.#heard())
    socket.on('close', (code, reason) => this.finish(this.#endBy(code, reason.toString())))
    // A refused handshake, a broken connection or a frame against the rules; `close` follows, and this knows why.
    socket.on('error', (error: Error & { code?: string }) => {
      if (this.#isOver) return
      this.#log.warn({ err: error }, "the agent's socket failed")
      const cause = this.#isSetUp ? 'connection_broken' : 'connection_refused'
      this.#said ??= { cause, detail: error.code ?? null, isPermanent: false }
    })
  }

  #heard(): void {
    this.#lastHeardAt = awakeMs()
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#isOver) return
    this.#heard()
    this.#listener.message(data as Buffer, isBinary)
  }

  #lookAfter(): void {
    const now = awakeMs()
    const silentMs = now - this.#lastHeardAt
    if (silentMs > this.#options.silenceTimeoutMs) {
      this.finish({ kind: 'lost', cause: 'silent', detail: null, isPermanent: false })
    } else if (silentMs >= PING_AFTER_MS && now - this.#lastPingAt >= PING_AFTER_MS) {
      this.#lastPingAt = now
      this.#socket?.ping()
    }
  }

  #endBy(code: number, reason: string): SessionEnd {
    if (this.#isSetUp && this.#listener.isEnd(code)) return { kind: 'closed' }
    if (this.#said) return { kind: 'lost', ...this.#said }
    return { kind: 'lost', cause: `closed_${code}`, detail: vendorWords(reason), isPermanent: false }
  }

  /** The one way out: no timer or socket is left. False when it was taken before. */
  #end(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    this.#cancelDeadline()
    if (this.#watch) clearInterval(this.#watch)
    if (this.#socket) hangUp(this.#socket)
    return true
  }
}
