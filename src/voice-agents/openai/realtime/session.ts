import type { Logger } from 'pino'
import { vendorWords } from '../../../voices/ports.ts'
import type { OpenAiAccount } from '../account.ts'
import { type ApiError, isFatal, lossBy } from '../errors.ts'
import { SessionSocket } from '../session-socket.ts'
import { type SessionListener as AnySessionListener, termOf } from '../session-term.ts'
import { callerAudio } from './audio-message.ts'
import { type ClientEvent, OPTIONS, type Option, type SessionWish, sessionUpdate } from './client-events.ts'
import { readServerMessage, type ServerMessage } from './codec.ts'

export type SessionMessage = Exclude<
  ServerMessage,
  { kind: 'session-created' | 'session-updated' | 'invalid' | 'other' }
>

export interface SessionListener extends AnySessionListener<SessionMessage> {
  /** The vendor will not have this; the session is set up without it. Before `opened`. */
  doesWithout(option: Option, error: ApiError): void
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

const SETTING_UP = 'set-up'

/** One session of the Realtime API over its WebSocket, set up as a telephone line. */
export class RealtimeSession {
  readonly #options: SessionOptions
  readonly #log: Logger
  readonly #socket: SessionSocket
  #hasBegun = false
  #without: Set<Option>
  #events = 0

  constructor(options: SessionOptions) {
    const { account, model, silenceTimeoutMs, listener } = options
    this.#options = options
    this.#log = options.log.child({ callId: options.callId })
    this.#without = new Set(options.wish.without)
    this.#socket = new SessionSocket(
      { account, path: '/realtime', query: { model }, silenceTimeoutMs, log: this.#log },
      {
        message: (data, isBinary) => this.#receive(readServerMessage(data, isBinary)),
        isEnd: (code) => code === 1000,
        over: (end) => listener.over(end),
      },
    )
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedBytes
  }

  sendAudio(payload: Buffer): void {
    if (this.#socket.isOpen) this.#socket.send(callerAudio(payload))
  }

  /** An error about it will carry its id. */
  send(event: ClientEvent): void {
    if (this.#socket.isOpen) this.#send(event, `${event.type}-${++this.#events}`)
  }

  close(): void {
    this.#socket.close()
  }

  #receive(message: ServerMessage): void {
    switch (message.kind) {
      case 'session-created':
        this.#begin()
        return
      case 'session-updated':
        this.#open(message)
        return
      case 'invalid':
        this.#socket.countInvalid(message.why)
        return
      case 'error':
        this.#onError(message.error)
        return
      case 'other':
        return
      default:
        if (this.#socket.isOpen) this.#options.listener.message(message)
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
    if (this.#socket.isOpen || !this.#hasBegun) return
    this.#socket.setUp()
    this.#options.listener.opened(termOf(sessionId, expiresAt))
  }

  /** Most errors are about one of our events, and the session goes on. */
  #onError(error: ApiError): void {
    if (isFatal(error)) this.#socket.finish({ kind: 'lost', ...lossBy(error) })
    else if (!this.#socket.isOpen && error.event_id === SETTING_UP) this.#onRefusedSetUp(error)
    else this.#onComplaint(error)
  }

  #onComplaint(error: ApiError): void {
    const { type, code, param, event_id: event } = error
    const words = vendorWords(error.message ?? '')
    this.#log.warn({ type, code, param, event, words }, 'the agent’s vendor complains')
    if (this.#socket.isOpen) this.#options.listener.message({ kind: 'error', error })
  }

  /** A caller is better off with an agent that has another voice, or whose hearing is not written down, than with none. */
  #onRefusedSetUp(error: ApiError): void {
    const option = OPTIONS.find((each) => new RegExp(`\\b${each}\\b`).test(`${error.param} ${error.message}`))
    if (option === undefined || this.#without.has(option)) {
      this.#socket.finish({ kind: 'lost', ...lossBy(error), isPermanent: true })
      return
    }
    this.#without = new Set([...this.#without, option])
    this.#log.warn(
      { option, words: vendorWords(error.message ?? '') },
      'the agent does without what was refused',
    )
    this.#options.listener.doesWithout(option, error)
    if (!this.#socket.isOver) this.#setUp()
  }

  #send(event: ClientEvent, id: string): void {
    this.#socket.send(JSON.stringify({ event_id: id, ...event }))
  }
}
