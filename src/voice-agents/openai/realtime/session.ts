import type { Logger } from 'pino'
import { type RawData, WebSocket } from 'ws'
import { awakeMs, loopDelay } from '../../../runtime/loop-delay.ts'
import { vendorWords } from '../../../voices/ports.ts'
import { hangUp } from '../../hang-up.ts'
import { readRefusedUpgrade } from '../../refused-upgrade.ts'
import { authorization, NO_KEY, type OpenAiAccount, socketUrl } from '../account.ts'
import { type ApiError, isFatal, lossBy, lossByRefusal, type OpenAiLoss } from '../errors.ts'
import { callerAudio } from './audio-message.ts'
import { type ClientEvent, OPTIONS, type Option, type SessionWish, sessionUpdate } from './client-events.ts'
import { readServerMessage, type ServerMessage } from './codec.ts'

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

/** Why a session is over that was not closed from here. */
export type SessionEnd = { kind: 'closed' } | ({ kind: 'lost' } & OpenAiLoss)

/** How long the vendor still lets a session last. */
export type SessionTerm = { sessionId: string; lastsMs: number }

export type SessionMessage = Exclude<
  ServerMessage,
  { kind: 'session-created' | 'session-updated' | 'invalid' | 'other' }
>

/** Nothing is called before the constructor has returned, `opened` once at most, `over` once and last; none after `close`. */
export interface SessionListener {
  /** The vendor will not have this; the session is set up without it. Before `opened`. */
  doesWithout(option: Option, error: ApiError): void
  opened(term: SessionTerm): void
  message(message: SessionMessage): void
  over(end: SessionEnd): void
}

export type SessionOptions = {
  account: OpenAiAccount
  model: string
  wish: SessionWish
  silenceTimeoutMs: number
  callId: string
  listener: SessionListener
  log: Logger
}

/** As long as every session lasts, where the vendor does not say otherwise in a way that can be. */
const SESSION_MS = 3_600_000

const SETTING_UP = 'set-up'

/** One session of the Realtime API over its WebSocket, set up as a telephone line; it ends once, by `#finish` or `close`. */
export class RealtimeSession {
  readonly #options: SessionOptions
  readonly #log: Logger
  #socket: WebSocket | null = null
  #isOpen = false
  #isOver = false
  #hasBegun = false
  #without: Set<Option>
  #invalid = 0
  #lastHeardAt = awakeMs()
  #lastPingAt = 0
  #events = 0
  /** What the vendor or the socket said before it closed. */
  #said: OpenAiLoss | null = null
  #cancelDeadline: () => void
  #watch: NodeJS.Timeout | null = null

  constructor(options: SessionOptions) {
    this.#options = options
    this.#log = options.log.child({ callId: options.callId })
    this.#without = new Set(options.wish.without)
    const tooLate = { kind: 'lost', cause: 'connect_timeout', detail: null, isPermanent: false } as const
    this.#cancelDeadline = loopDelay.after(CONNECT_MS, () => this.#finish(tooLate))
    this.#connect()
  }

  get bufferedBytes(): number {
    return this.#socket?.bufferedAmount ?? 0
  }

  sendAudio(payload: Buffer): void {
    if (this.#isOpen) this.#socket?.send(callerAudio(payload), AS_TEXT)
  }

  /** An error about it will carry its id. */
  send(event: ClientEvent): void {
    if (this.#isOpen) this.#send(event, `${event.type}-${++this.#events}`)
  }

  close(): void {
    this.#end()
  }

  #connect(): void {
    const socket = this.#dial()
    if (!(socket instanceof WebSocket)) {
      queueMicrotask(() => this.#finish({ kind: 'lost', ...socket, isPermanent: true }))
      return
    }
    this.#socket = socket
    this.#listenTo(socket)
  }

  /** Or why there is nobody to dial. */
  #dial(): WebSocket | { cause: string; detail: string } {
    const { account, model } = this.#options
    if (account.apiKey === null) return { cause: 'no_key', detail: NO_KEY }
    try {
      return new WebSocket(socketUrl(account, '/realtime', { model }), {
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
        this.#finish({ kind: 'lost', ...lossByRefusal(answer.statusCode ?? 0, refusal) })
      })
    })
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary))
    socket.on('ping', () => this.#heard())
    socket.on('pong', () => this.#heard())
    socket.on('close', (code, reason) => this.#finish(this.#endBy(code, reason.toString())))
    // A refused handshake, a broken connection or a frame against the rules; `close` follows, and this knows why.
    socket.on('error', (error: Error & { code?: string }) => {
      if (this.#isOver) return
      this.#log.warn({ err: error }, "the agent's socket failed")
      const cause = this.#isOpen ? 'connection_broken' : 'connection_refused'
      this.#said ??= { cause, detail: error.code ?? null, isPermanent: false }
    })
  }

  #heard(): void {
    this.#lastHeardAt = awakeMs()
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#isOver) return
    this.#heard()
    const message = readServerMessage(data as Buffer, isBinary)
    switch (message.kind) {
      case 'session-created':
        this.#begin()
        return
      case 'session-updated':
        this.#open(message)
        return
      case 'invalid':
        this.#countInvalid(message.why)
        return
      case 'error':
        this.#onError(message.error)
        return
      case 'other':
        return
      default:
        if (this.#isOpen) this.#options.listener.message(message)
    }
  }

  #begin(): void {
    if (this.#hasBegun) return
    this.#hasBegun = true
    this.#setUp()
  }

  #setUp(): void {
    const wish = { ...this.#options.wish, without: this.#without }
    this.#send(sessionUpdate(wish), SETTING_UP)
  }

  #open({ sessionId, expiresAt }: { sessionId: string; expiresAt: number | null }): void {
    if (this.#isOpen || !this.#hasBegun) return
    this.#cancelDeadline()
    this.#isOpen = true
    this.#watch = setInterval(() => this.#lookAfter(), WATCH_MS)
    this.#options.listener.opened({ sessionId, lastsMs: lastsMs(expiresAt) })
  }

  /** Most errors are about one of our events, and the session goes on. */
  #onError(error: ApiError): void {
    if (isFatal(error)) this.#finish({ kind: 'lost', ...lossBy(error) })
    else if (!this.#isOpen && error.event_id === SETTING_UP) this.#onRefusedSetUp(error)
    else this.#onComplaint(error)
  }

  #onComplaint(error: ApiError): void {
    const { type, code, param, event_id: event } = error
    const words = vendorWords(error.message ?? '')
    this.#log.warn({ type, code, param, event, words }, 'the agent’s vendor complains')
    if (this.#isOpen) this.#options.listener.message({ kind: 'error', error })
  }

  /** A caller is better off with an agent that has another voice, or whose hearing is not written down, than with none. */
  #onRefusedSetUp(error: ApiError): void {
    const option = OPTIONS.find((each) => new RegExp(`\\b${each}\\b`).test(`${error.param} ${error.message}`))
    if (option === undefined || this.#without.has(option)) {
      this.#finish({ kind: 'lost', ...lossBy(error), isPermanent: true })
      return
    }
    this.#without = new Set([...this.#without, option])
    this.#log.warn(
      { option, words: vendorWords(error.message ?? '') },
      'the agent does without what was refused',
    )
    this.#options.listener.doesWithout(option, error)
    if (!this.#isOver) this.#setUp()
  }

  #lookAfter(): void {
    const now = awakeMs()
    const silentMs = now - this.#lastHeardAt
    if (silentMs > this.#options.silenceTimeoutMs) {
      this.#finish({ kind: 'lost', cause: 'silent', detail: null, isPermanent: false })
    } else if (silentMs >= PING_AFTER_MS && now - this.#lastPingAt >= PING_AFTER_MS) {
      this.#lastPingAt = now
      this.#socket?.ping()
    }
  }

  #countInvalid(why: string): void {
    this.#log.debug({ why }, 'the agent sent something that is no message')
    if (++this.#invalid > MAX_INVALID)
      this.#finish({ kind: 'lost', cause: 'garbage', detail: null, isPermanent: false })
  }

  #endBy(code: number, reason: string): SessionEnd {
    if (this.#isOpen && code === 1000) return { kind: 'closed' }
    if (this.#said) return { kind: 'lost', ...this.#said }
    return { kind: 'lost', cause: `closed_${code}`, detail: vendorWords(reason), isPermanent: false }
  }

  #send(event: ClientEvent, id: string): void {
    this.#socket?.send(JSON.stringify({ event_id: id, ...event }))
  }

  #finish(end: SessionEnd): void {
    if (this.#end()) this.#options.listener.over(end)
  }

  /** The one way out: no timer or socket is left. False when it was taken before. */
  #end(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    this.#isOpen = false
    this.#cancelDeadline()
    if (this.#watch) clearInterval(this.#watch)
    if (this.#socket) hangUp(this.#socket)
    return true
  }
}

/** `expiresAt` in seconds since 1970, by the vendor's clock. */
function lastsMs(expiresAt: number | null): number {
  const leftMs = (expiresAt ?? 0) * 1000 - Date.now()
  return leftMs > 0 && leftMs < 24 * SESSION_MS ? leftMs : SESSION_MS
}
