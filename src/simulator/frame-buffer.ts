import { MU_LAW_SILENCE } from '../audio/mulaw.ts'
import { FRAME_BYTES } from './frame-clock.ts'

/**
 * Takes audio in pieces of any length and gives it out in whole frames; past its limit the oldest audio is dropped.
 * After it ran empty it holds the first audio back for `startDelay` frames, so that pieces which arrive a little late do
 * not tear holes into speech.
 */
export class FrameBuffer {
  readonly #limit: number
  readonly #startDelay: number
  #waiting: number
  #audio = Buffer.alloc(0)

  constructor({ limitBytes = Number.POSITIVE_INFINITY, startDelay = 0 } = {}) {
    this.#limit = limitBytes
    this.#startDelay = startDelay
    this.#waiting = startDelay
  }

  get bytes(): number {
    return this.#audio.length
  }

  push(audio: Uint8Array): void {
    const joined = Buffer.concat([this.#audio, audio])
    this.#audio = joined.subarray(Math.max(0, joined.length - this.#limit))
  }

  clear(): void {
    this.#audio = Buffer.alloc(0)
  }

  /** The next frame, the last one filled up with silence; null when there is none, or not yet. */
  take(): Buffer | null {
    if (this.#audio.length === 0) {
      this.#waiting = this.#startDelay
      return null
    }
    if (this.#waiting > 0) {
      this.#waiting--
      return null
    }
    const frame = this.#audio.subarray(0, FRAME_BYTES)
    this.#audio = this.#audio.subarray(FRAME_BYTES)
    return frame.length === FRAME_BYTES ? frame : padded(frame)
  }
}

function padded(frame: Buffer): Buffer {
  return Buffer.concat([frame, Buffer.alloc(FRAME_BYTES - frame.length, MU_LAW_SILENCE)])
}
