/** What the test phone hears of its call. After `ended` or `lost`, which comes exactly once, it hears nothing more. */
export interface PhoneListener {
  /** The carrier has taken the call; `callSid` is its name for it. */
  ringing(callSid: string): void
  /** 20 ms of mu-law to be played. */
  audio(frame: Uint8Array): void
  ended(reason: string): void
  /** The call could not be placed, or the connection broke. */
  lost(message: string): void
}

type PhoneMessage = { type: string; callSid?: unknown; reason?: unknown; message?: unknown }

/** A second of audio: what a slow connection has not taken by then would come too late to be understood. */
const MAX_BUFFERED_BYTES = 8_000

/** The simulated carrier's telephone: https is left as wss, so that an encrypted page stays so. */
export class PhoneSocket {
  readonly #socket: WebSocket
  readonly #listener: PhoneListener
  #hasRung = false
  #isOver = false

  /** `to` is the number that is called; null is the service's own. */
  constructor(from: string, to: string | null, listener: PhoneListener) {
    this.#listener = listener
    this.#socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/simulator/phone`)
    this.#socket.binaryType = 'arraybuffer'
    this.#socket.onopen = () => this.#send({ type: 'dial', from, ...(to && { to }) })
    this.#socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => this.#receive(data)
    this.#socket.onclose = () =>
      this.#lose('The connection to the test phone is gone. Is the service still running?')
  }

  sendAudio(frame: Uint8Array<ArrayBuffer>): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return
    if (this.#socket.bufferedAmount <= MAX_BUFFERED_BYTES) this.#socket.send(frame)
  }

  hangUp(): void {
    this.#send({ type: 'hangup' })
  }

  close(): void {
    this.#isOver = true
    this.#socket.close()
  }

  #send(message: { type: string; from?: string; to?: string }): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message))
  }

  #receive(data: string | ArrayBuffer): void {
    if (this.#isOver) return
    if (typeof data === 'string') this.#read(JSON.parse(data) as PhoneMessage)
    else this.#listener.audio(new Uint8Array(data))
  }

  #read(message: PhoneMessage): void {
    if (message.type === 'ringing') {
      this.#hasRung = true
      this.#listener.ringing(String(message.callSid))
    }
    // Of a live call only something asked for failed; the call itself goes on.
    if (message.type === 'error' && !this.#hasRung) this.#lose(String(message.message))
    if (message.type === 'ended') {
      this.close()
      this.#listener.ended(String(message.reason))
    }
  }

  #lose(message: string): void {
    if (this.#isOver) return
    this.close()
    this.#listener.lost(message)
  }
}
