import type { WebSocket } from 'ws'
import type { CarrierCall } from '../carrier/call.ts'
import type { Carrier } from '../carrier/carrier.ts'
import type { TimelineEntry } from '../carrier/timeline.ts'
import { FrameBuffer } from '../frame-buffer.ts'
import { type HandsetMessage, type PhoneMessage, readHandsetMessage } from './phone-messages.ts'

/** Two seconds of what the caller said; what waits longer than that would only make the conversation lag. */
const MAX_SPEECH_BYTES = 16_000
/** 60 ms against the unevenness of a network. */
const START_DELAY_FRAMES = 3
/** Eight seconds of sound: a handset that leaves so much unread is gone, and nobody is there to hang up for it. */
const MAX_UNREAD_BYTES = 64 * 1024

/** One handset: places one call at a time on the simulated carrier, and hangs up when its socket closes. */
export class PhoneSession {
  readonly #socket: WebSocket
  readonly #carrier: Pick<Carrier, 'call'>
  readonly #speech = new FrameBuffer({ limitBytes: MAX_SPEECH_BYTES, startDelay: START_DELAY_FRAMES })
  #call: CarrierCall | null = null

  constructor(socket: WebSocket, carrier: Pick<Carrier, 'call'>) {
    this.#socket = socket
    this.#carrier = carrier
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) this.#speech.push(data)
      else this.#read(data.toString('utf8'))
    })
    socket.on('close', () => this.#call?.hangUp())
    // What is wrong with the socket ends it, and `close` follows.
    socket.on('error', () => socket.terminate())
  }

  #read(text: string): void {
    try {
      this.#obey(readHandsetMessage(text))
    } catch (error) {
      this.#send({ type: 'error', message: (error as Error).message })
    }
  }

  #obey(message: HandsetMessage): void {
    if (message.type === 'dial') this.#dial(message)
    else if (message.type === 'digit') this.#call?.pressDigit(message.digit)
    else this.#call?.hangUp()
  }

  #dial({ from, to, stirVerstat }: Extract<HandsetMessage, { type: 'dial' }>): void {
    if (this.#call) throw new Error('This handset is on a call; hang up first.')
    this.#speech.clear()
    const caller = { hear: (frame: Buffer) => this.#play(frame), nextFrame: () => this.#speech.take() }
    const call = this.#carrier.call({ from, ...(to && { to }), caller, stirVerstat })
    this.#call = call
    this.#send({ type: 'ringing', callSid: call.sid })
    for (const entry of call.timeline) this.#tell(entry)
    const stop = call.onTimeline((entry) => this.#tell(entry))
    void call.ended.then(stop)
  }

  #tell(entry: TimelineEntry): void {
    this.#send({ type: 'timeline', entry })
    if (entry.type !== 'ended') return
    this.#call = null
    this.#send({ type: 'ended', reason: entry.status, by: entry.by })
  }

  #play(frame: Buffer): void {
    if (this.#socket.bufferedAmount > MAX_UNREAD_BYTES) this.#socket.terminate()
    else if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(frame)
  }

  #send(message: PhoneMessage): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(JSON.stringify(message))
  }
}
