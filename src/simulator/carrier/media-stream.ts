import { WebSocket } from 'ws'
import { muLawMilliseconds } from '../../audio/mulaw.ts'
import { FRAME_MS } from '../frame-clock.ts'
import { CallError } from './call-error.ts'
import type { Line } from './line.ts'
import { newSid } from './sid.ts'
import { twilioSignature } from './signature.ts'
import { readServiceMessage, type ServiceMessage, StreamWriter } from './stream-messages.ts'
import type { StreamEndedBy, Timeline } from './timeline.ts'

export type StreamOptions = {
  /** Where the service listens, ws: or wss:. NOTE: Twilio takes wss: only; a demo on one machine has no certificate. */
  url: string
  parameters: Record<string, string>
  accountSid: string
  authToken: string
  callSid: string
  line: Line
  timeline: Timeline
  /** Says nothing on the stream, for tests. */
  isMute?: boolean
}

export type StreamEnd = { by: StreamEndedBy; code: number | null; reason: string }

const CONNECT_TIMEOUT_MS = 5000
/** How long the service may take to answer a close before the socket is cut. */
const CLOSE_TIMEOUT_MS = 2000
const MAX_MESSAGE_BYTES = 1024 * 1024
/** More than ten minutes that are still to be played are not taken (31931). */
const MAX_BUFFERED_MS = 600_000
/** A service that leaves this much unread has stopped reading (31930): about half a minute of audio. */
const MAX_UNREAD_BYTES = 512 * 1024

/**
 * A bidirectional Media Stream, Twilio's side of it: the caller's frames go to the service, and what the service sends is
 * buffered and played to the caller in real time. It ends once, and says why.
 */
export class MediaStream {
  readonly sid = newSid('MZ')
  readonly ended: Promise<StreamEnd>
  /** Resolves when nothing of the socket is left. */
  readonly closed: Promise<void>
  readonly #options: StreamOptions
  readonly #socket: WebSocket
  readonly #writer = new StreamWriter(this.sid)
  readonly #end = Promise.withResolvers<StreamEnd>()
  #hasEnded = false
  #hasSpoken = false
  #frames = 0
  #closeTimer: NodeJS.Timeout | undefined
  #stopListening = () => {}

  constructor(options: StreamOptions) {
    this.#options = options
    this.ended = this.#end.promise
    this.#socket = openSocket(options)
    this.closed = new Promise((resolve) => this.#socket.once('close', () => resolve()))
    this.#socket
      .on('open', () => this.#opened())
      .on('message', (data: Buffer, isBinary) => this.#received(data, isBinary))
      .on('unexpected-response', (_, response) => {
        this.#finish({
          by: 'error',
          code: 31920,
          reason: `the handshake was answered with ${response.statusCode}`,
        })
        this.#socket.terminate()
      })
      .on('error', (error) => this.#finish({ by: 'error', code: errorCode(error), reason: error.message }))
      .on('close', (code, reason) => this.#closedByService(code, `${reason}`))
  }

  /** The caller presses a key. */
  pressDigit(digit: string): void {
    this.#send(this.#writer.dtmf(digit))
  }

  /** Ends the stream as Twilio does: a `stop` message, then the close. */
  stop(by: StreamEndedBy): void {
    if (this.#hasEnded) return
    this.#send(this.#writer.stop(this.#options))
    this.#close({ by, code: null, reason: '' })
  }

  /** Cuts the connection without a word, as a broken network does. */
  drop(): void {
    this.#finish({ by: 'fault', code: null, reason: 'the connection was cut' })
    this.#socket.terminate()
  }

  #opened(): void {
    const { line, timeline, url, parameters, isMute } = this.#options
    timeline.add({ type: 'stream-opened', streamSid: this.sid, url, parameters })
    if (isMute) return
    this.#send(this.#writer.connected())
    this.#send(this.#writer.start(this.#options))
    this.#stopListening = line.listen((frame) => this.#callerSpoke(frame))
  }

  #callerSpoke(frame: Buffer): void {
    if (this.#socket.bufferedAmount > MAX_UNREAD_BYTES) {
      this.#finish({ by: 'error', code: 31930, reason: 'the service reads too slowly' })
      this.#socket.terminate()
      return
    }
    this.#send(this.#writer.media(frame, this.#frames * FRAME_MS))
    this.#frames++
  }

  #received(data: Buffer, isBinary: boolean): void {
    if (this.#hasEnded) return
    try {
      this.#obey(readServiceMessage(data, isBinary, this.sid))
    } catch (error) {
      if (!(error instanceof CallError)) throw error
      this.#close({ by: 'error', code: error.code, reason: error.message })
    }
  }

  #obey(message: ServiceMessage): void {
    if (message.event === 'media') this.#play(message.media.payload)
    else if (message.event === 'mark') this.#mark(message.mark.name)
    else this.#clear()
  }

  #play(audio: Buffer): void {
    const { timeline, line } = this.#options
    if (!this.#hasSpoken) timeline.add({ type: 'stream-audio', streamSid: this.sid })
    this.#hasSpoken = true
    if (muLawMilliseconds(line.playout.bufferedBytes + audio.length) > MAX_BUFFERED_MS)
      timeline.add({
        type: 'warning',
        code: 31931,
        message: 'More than 10 minutes are buffered; audio was discarded.',
      })
    else line.playout.enqueue(audio)
  }

  #mark(name: string): void {
    const { timeline, line } = this.#options
    timeline.add({ type: 'mark-received', name })
    line.playout.mark((outcome) => {
      if (this.#hasEnded) return
      timeline.add({ type: 'mark-returned', name, outcome })
      this.#send(this.#writer.mark(name))
    })
  }

  #clear(): void {
    const { timeline, line } = this.#options
    timeline.add({ type: 'cleared', unheardMs: muLawMilliseconds(line.playout.bufferedBytes) })
    line.playout.clear()
  }

  #closedByService(code: number, reason: string): void {
    clearTimeout(this.#closeTimer)
    // Twilio logs 31921 for every close by the service, also for one that is meant to hand the call back.
    this.#finish({ by: 'service', code: 31921, reason: `closed with ${code}${reason && ` ${reason}`}` })
  }

  #close(end: StreamEnd): void {
    this.#finish(end)
    this.#socket.close(1000)
    this.#closeTimer = setTimeout(() => this.#socket.terminate(), CLOSE_TIMEOUT_MS)
  }

  /** The one end of a stream: nothing is sent, played or heard after it. */
  #finish(end: StreamEnd): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#stopListening()
    this.#options.line.playout.clear()
    this.#options.timeline.add({ type: 'stream-closed', streamSid: this.sid, ...end })
    this.#end.resolve(end)
  }

  #send(message: string): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(message)
  }
}

function openSocket({ url, authToken }: StreamOptions): WebSocket {
  return new WebSocket(url, {
    headers: { 'X-Twilio-Signature': twilioSignature(authToken, url) },
    handshakeTimeout: CONNECT_TIMEOUT_MS,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
  })
}

function errorCode(error: Error & { code?: string }): number {
  if (error.code === 'ECONNREFUSED') return 31902
  if (/timed out|timeout/i.test(error.message)) return 31901
  // A frame that breaks the WebSocket protocol or is too large.
  if (error.code?.startsWith('WS_ERR_')) return 31951
  return 31920
}
