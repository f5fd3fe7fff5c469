import type { IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'
import type { TimelineEntry } from '../carrier/timeline.ts'
import { startFrameClock } from '../frame-clock.ts'
import type { HandsetMessage, PhoneMessage } from './phone-messages.ts'

export type DialOptions = {
  /** The handset's socket, such as ws://127.0.0.1:3006/simulator/phone. */
  url: string
  headers?: Record<string, string>
  from: string
  /** The number that is called; the carrier's own by default. */
  to?: string | undefined
  /** What the carrier says of the caller's number; null for nothing, left out as usual. */
  stirVerstat?: string | null
  /** Asked every 20 ms for what the caller says; null for silence. */
  nextFrame?: () => Buffer | null
  /** 20 ms of what the caller hears. */
  onFrame?: (frame: Buffer) => void
  onTimeline?: (entry: TimelineEntry) => void
}

/** How a call from a handset ended; `lost` when its connection broke. */
export type PhoneEnd = { reason: string }

const CONNECT_TIMEOUT_MS = 10_000
/** How long the carrier may take to say that the call is over, and to answer the close. */
const CLOSE_TIMEOUT_MS = 5000

/** The handset was refused or the call could not be placed; the message says why. */
export class PhoneError extends Error {
  override readonly name = 'PhoneError'
}

/** Places a call and resolves when it rings. Rejects with PhoneError. */
export async function dialPhone(options: DialOptions): Promise<PhoneCall> {
  const call = new PhoneCall(options)
  await call.ringing
  return call
}

/** A call from a handset, seen by the person who holds it. */
export class PhoneCall {
  readonly ringing: Promise<void>
  /** Resolves once, when the call is over and the socket is closed. */
  readonly ended: Promise<PhoneEnd>
  readonly #options: DialOptions
  readonly #socket: WebSocket
  readonly #ringing = Promise.withResolvers<void>()
  #callSid = ''
  #reason = 'lost'
  #stopTalking = () => {}
  #closeTimer: NodeJS.Timeout | undefined

  /** Use `dialPhone`. */
  constructor(options: DialOptions) {
    this.#options = options
    this.ringing = this.#ringing.promise
    this.#socket = new WebSocket(options.url, {
      headers: options.headers,
      handshakeTimeout: CONNECT_TIMEOUT_MS,
      perMessageDeflate: false,
    })
    this.ended = new Promise((resolve) =>
      this.#socket.once('close', () => {
        this.#over()
        resolve({ reason: this.#reason })
      }),
    )
    this.#socket
      .on('open', () => {
        const { from, to, stirVerstat } = options
        this.#send({ type: 'dial', from, to, stirVerstat })
      })
      .on('message', (data: Buffer, isBinary) => this.#received(data, isBinary))
      .on('unexpected-response', (_, response) => this.#fail(refusal(response)))
      .on('error', (error) => this.#fail(error.message))
  }

  get callSid(): string {
    return this.#callSid
  }

  pressDigit(digit: string): void {
    this.#send({ type: 'digit', digit })
  }

  /** Puts the phone down; `ended` resolves soon after. */
  hangUp(): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return
    this.#send({ type: 'hangup' })
    this.#cutLater()
  }

  #received(data: Buffer, isBinary: boolean): void {
    if (isBinary) this.#options.onFrame?.(data)
    else this.#read(JSON.parse(data.toString('utf8')))
  }

  #read(message: PhoneMessage): void {
    if (message.type === 'ringing') this.#ring(message.callSid)
    if (message.type === 'timeline') this.#options.onTimeline?.(message.entry)
    if (message.type === 'error') this.#fail(message.message)
    if (message.type === 'ended') {
      this.#reason = message.reason
      this.#close()
    }
  }

  #ring(callSid: string): void {
    this.#callSid = callSid
    this.#stopTalking = startFrameClock(() => this.#talk())
    this.#ringing.resolve()
  }

  #talk(): void {
    const frame = this.#options.nextFrame?.()
    if (frame && this.#socket.readyState === WebSocket.OPEN) this.#socket.send(frame)
  }

  /** Before it rings, a problem means that there is no call; afterwards the call goes on until it ends. */
  #fail(message: string): void {
    if (this.#callSid) return
    this.#ringing.reject(new PhoneError(message))
    this.#socket.terminate()
  }

  #close(): void {
    this.#stopTalking()
    this.#socket.close(1000)
    this.#cutLater()
  }

  #cutLater(): void {
    clearTimeout(this.#closeTimer)
    this.#closeTimer = setTimeout(() => this.#socket.terminate(), CLOSE_TIMEOUT_MS)
  }

  #over(): void {
    clearTimeout(this.#closeTimer)
    this.#stopTalking()
    this.#ringing.reject(new PhoneError('The connection was closed before the phone rang.'))
  }

  #send(message: HandsetMessage): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message))
  }
}

function refusal({ statusCode }: IncomingMessage): string {
  if (statusCode === 401) return 'The service refused the handset: the admin key is wrong or missing.'
  if (statusCode === 404) return 'The service has no simulated carrier: it uses a real one.'
  return `The service refused the handset with HTTP ${statusCode}.`
}
