import { once } from 'node:events'
import { WebSocket } from 'ws'
import { newSid } from '../../src/simulator/carrier/sid.ts'
import { StreamWriter } from '../../src/simulator/carrier/stream-messages.ts'

export type ScriptedStreamOptions = { accountSid?: string; signature?: string; sid?: string }

type Received = { event: string; streamSid: string; media?: { payload: string }; mark?: { name: string } }

/** Twilio's side of a Media Stream, which sends a message when it is told to and answers nothing by itself. */
export class ScriptedStream {
  readonly sid: string
  readonly received: Received[] = []
  /** Resolves when the socket is closed, by whomever. */
  readonly closed: Promise<{ code: number; reason: string }>
  readonly #socket: WebSocket
  readonly #writer: StreamWriter
  readonly #accountSid: string
  #callSid = ''

  private constructor(socket: WebSocket, { accountSid, sid = newSid('MZ') }: ScriptedStreamOptions) {
    this.sid = sid
    this.#socket = socket
    this.#writer = new StreamWriter(sid)
    this.#accountSid = accountSid ?? newSid('AC')
    this.closed = new Promise((resolve) =>
      socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() })),
    )
    socket.on('message', (data) => this.received.push(JSON.parse(data.toString()) as Received))
    socket.on('error', () => {})
  }

  /** Rejects when the handshake is refused. */
  static async open(url: string, options: ScriptedStreamOptions = {}): Promise<ScriptedStream> {
    const { signature } = options
    const headers = signature === undefined ? {} : { 'X-Twilio-Signature': signature }
    const socket = new WebSocket(url, { headers, perMessageDeflate: false })
    const stream = new ScriptedStream(socket, options)
    await once(socket, 'open')
    return stream
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN
  }

  /** Says `connected` and `start`, as Twilio does at once. */
  start(callSid: string, parameters: Record<string, string>): void {
    this.#callSid = callSid
    this.send(this.#writer.connected())
    this.send(this.#writer.start({ accountSid: this.#accountSid, callSid, parameters }))
  }

  media(frame: Buffer): void {
    this.send(this.#writer.media(frame, 0))
  }

  mark(name: string): void {
    this.send(this.#writer.mark(name))
  }

  /** Sends this as it is; a Buffer as a binary message. */
  send(data: string | Buffer): void {
    this.#socket.send(data)
  }

  /** Announces the end and closes, as when the caller hangs up. */
  stop(): void {
    this.send(this.#writer.stop({ accountSid: this.#accountSid, callSid: this.#callSid }))
    this.#socket.close(1000)
  }

  /** Cuts the connection without a word. */
  drop(): void {
    this.#socket.terminate()
  }
}
