import type { Logger } from 'pino'
import { vendorWords } from '../../../voices/ports.ts'
import type { OpenAiAccount } from '../account.ts'
import { type ApiError, isFatal, lossBy } from '../errors.ts'
import { SessionSocket } from '../session-socket.ts'
import { type SessionListener as AnySessionListener, type SessionEnd, termOf } from '../session-term.ts'
import { callerAudio } from './audio-message.ts'
import { type ClientEvent, type SessionWish, sessionClose, sessionStart } from './client-events.ts'
import { readServerMessage, type ServerMessage } from './codec.ts'

export type SessionMessage = Exclude<
  ServerMessage,
  { kind: 'session-started' | 'session-closed' | 'error' | 'invalid' | 'other' }
>

export interface SessionListener extends AnySessionListener<SessionMessage> {
  /** The vendor will not have this voice; the session is begun without it. Before `opened`. */
  doesWithoutVoice(error: ApiError): void
}

export type SessionOptions = {
  account: OpenAiAccount
  wish: SessionWish
  silenceTimeoutMs: number
  callId: string
  listener: SessionListener
  log: Logger
}

const VOICE = /\bvoice\b/

/** One session of the Live API over its primary WebSocket, begun as a telephone line. */
export class LiveSession {
  readonly #options: SessionOptions
  readonly #log: Logger
  readonly #socket: SessionSocket
  #wish: SessionWish
  #events = 0

  constructor(options: SessionOptions) {
    const { account, silenceTimeoutMs, listener, wish } = options
    this.#options = options
    this.#wish = wish
    this.#log = options.log.child({ callId: options.callId })
    this.#socket = new SessionSocket(
      { account, path: '/live/sessions', silenceTimeoutMs, log: this.#log },
      {
        connected: () => this.#send(sessionStart(this.#wish)),
        message: (data, isBinary) => this.#receive(readServerMessage(data, isBinary)),
        // A socket that closes without `session.closed` confirms no end, whatever its code.
        isEnd: () => false,
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

  send(events: readonly ClientEvent[]): void {
    if (this.#socket.isOpen) for (const event of events) this.#send(event)
  }

  close(): void {
    this.send([sessionClose])
    this.#socket.close()
  }

  #receive(message: ServerMessage): void {
    switch (message.kind) {
      case 'session-started':
        this.#open(message)
        return
      case 'session-closed':
        this.#socket.finish(endBy(message.reason))
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

  #open({ sessionId, expiresAt }: { sessionId: string; expiresAt: number | null }): void {
    if (this.#socket.isOpen) return
    this.#socket.setUp()
    this.#options.listener.opened(termOf(sessionId, expiresAt))
  }

  /** Most errors are about one of our events, and the session goes on; before it has started, there is only one. */
  #onError(error: ApiError): void {
    const { type, code, param, event_id: event } = error
    const words = vendorWords(error.message ?? '')
    this.#log.warn({ type, code, param, event, words }, 'the agent’s vendor complains')
    if (isFatal(error)) this.#socket.finish({ kind: 'lost', ...lossBy(error) })
    else if (!this.#socket.isOpen) this.#onRefusedStart(error)
  }

  /** A caller is better off with an agent that has another voice than with none. */
  #onRefusedStart(error: ApiError): void {
    if (this.#wish.voiceId === null || !VOICE.test(`${error.param} ${error.message}`)) {
      const loss = lossBy(error)
      const isPermanent = loss.isPermanent || error.type === 'invalid_request_error'
      this.#socket.finish({ kind: 'lost', ...loss, isPermanent })
      return
    }
    this.#wish = { ...this.#wish, voiceId: null }
    this.#options.listener.doesWithoutVoice(error)
    this.#send(sessionStart(this.#wish))
  }

  /** An error about it will carry its id. */
  #send(event: ClientEvent): void {
    this.#socket.send(JSON.stringify({ event_id: `${event.type}-${++this.#events}`, ...event }))
  }
}

/** Somebody has ended the session in good order. */
const GOODBYES = ['close_requested', 'remote_hangup']

function endBy(reason: string): SessionEnd {
  if (GOODBYES.includes(reason)) return { kind: 'closed' }
  // What a filter has ended once, it ends again.
  return {
    kind: 'lost',
    cause: reason,
    detail: `session.closed: ${reason}`,
    isPermanent: reason === 'content',
  }
}
