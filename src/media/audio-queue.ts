import { type WireAudio, wireBytesPerMs } from '../audio/audio-format.ts'
import type { Clock } from '../runtime/clock.ts'

/** A socket, as seen by what is sent into it. */
export interface FrameSink {
  /** Bytes sent that the socket has not yet taken. */
  readonly bufferedBytes: number
  send(frame: Buffer, isAudio: boolean): void
}

export type QueueLimits = {
  /** Above this many unsent bytes the socket is given no more. */
  readonly socketBytes: number
  /** What may wait here then, in bytes; past it the oldest audio goes. */
  readonly waitingBytes: number
}

/** Limits in milliseconds of sound, whose form may not be known before the stream has started. */
export const limitsOf = (audio: () => WireAudio, ms: { socket: number; waiting: number }): QueueLimits => ({
  get socketBytes() {
    return ms.socket * wireBytesPerMs(audio())
  },
  get waitingBytes() {
    return ms.waiting * wireBytesPerMs(audio())
  },
})

export interface QueueObserver {
  dropped(frames: number): void
  waited(milliseconds: number): void
}

type Waiting = { frame: Buffer; isAudio: boolean; since: number }

/**
 * Lets audio pass at once while the socket takes it, and holds it in order while the socket does not. A side that stays
 * slow loses its oldest audio, never our memory. Control messages are never dropped and keep their place in the audio.
 */
export class AudioQueue {
  readonly #sink: FrameSink
  readonly #limits: QueueLimits
  readonly #clock: Clock
  readonly #observer: QueueObserver
  #waiting: Waiting[] = []
  #waitingBytes = 0

  constructor(sink: FrameSink, limits: QueueLimits, clock: Clock, observer: QueueObserver) {
    this.#sink = sink
    this.#limits = limits
    this.#clock = clock
    this.#observer = observer
  }

  /** Whether anything waits for the socket. */
  get isWaiting(): boolean {
    return this.#waiting.length > 0
  }

  audio(frame: Buffer): void {
    if (this.#waiting.length > 0) this.drain()
    if (this.#waiting.length === 0 && this.#sink.bufferedBytes <= this.#limits.socketBytes) {
      this.#sink.send(frame, true)
      return
    }
    this.#waiting.push({ frame, isAudio: true, since: this.#clock.now() })
    this.#waitingBytes += frame.length
    if (this.#waitingBytes > this.#limits.waitingBytes) this.#dropOldest()
  }

  /** Sends a control message after all audio given before it. */
  control(frame: Buffer): void {
    if (this.#waiting.length === 0) this.#sink.send(frame, false)
    else this.#waiting.push({ frame, isAudio: false, since: this.#clock.now() })
  }

  /** Gives the socket what it can take again. */
  drain(): void {
    let sent = 0
    for (const { frame, isAudio, since } of this.#waiting) {
      if (this.#sink.bufferedBytes > this.#limits.socketBytes) break
      sent++
      this.#sink.send(frame, isAudio)
      if (!isAudio) continue
      this.#waitingBytes -= frame.length
      this.#observer.waited(this.#clock.now() - since)
    }
    if (sent > 0) this.#waiting = this.#waiting.slice(sent)
  }

  /** Gives up all audio that waits; the control messages among it go out at once, whatever the socket holds. */
  dropAudio(): void {
    const waiting = this.#waiting
    this.#waiting = []
    this.#waitingBytes = 0
    let dropped = 0
    for (const { frame, isAudio } of waiting) {
      if (isAudio) dropped++
      else this.#sink.send(frame, false)
    }
    if (dropped > 0) this.#observer.dropped(dropped)
  }

  #dropOldest(): void {
    let excess = this.#waitingBytes - this.#limits.waitingBytes
    let dropped = 0
    this.#waiting = this.#waiting.filter(({ frame, isAudio }) => {
      if (!isAudio || excess <= 0) return true
      excess -= frame.length
      this.#waitingBytes -= frame.length
      dropped++
      return false
    })
    this.#observer.dropped(dropped)
  }
}
