import { muLawSilence } from '../../audio/mulaw-buffer.ts'
import type { Clock } from '../../runtime/clock.ts'
import { FRAME_BYTES, FRAME_MS, startFrameClock } from '../frame-clock.ts'
import { Playout } from './playout.ts'

/** The person on the other end of the line. */
export interface Caller {
  /** 20 ms of what the caller hears: 160 bytes of mu-law, not to be changed. Called all the time that the line is open. */
  hear(frame: Buffer): void
  /** The next 20 ms of what the caller says; null while the caller is silent. */
  nextFrame(): Buffer | null
}

const SILENT_FRAME = muLawSilence(FRAME_MS)
/** Long silences are queued in pieces of this many milliseconds. */
const SILENCE_PIECE_MS = 1000

/** The sound of one call: every 20 ms a frame goes to the caller, and one comes from there. */
export class Line {
  readonly playout = new Playout()
  readonly #caller: Caller
  readonly #clock: Clock
  #stopClock: (() => void) | null = null
  #frames = 0
  #listener: ((frame: Buffer) => void) | null = null

  constructor(caller: Caller, clock: Clock) {
    this.#caller = caller
    this.#clock = clock
  }

  /** Seconds since the line was opened, in the caller's time. */
  get seconds(): number {
    return (this.#frames * FRAME_MS) / 1000
  }

  open(): void {
    this.#stopClock ??= startFrameClock(() => this.#tick(), this.#clock)
  }

  /** Stops the sound for good; what is queued is not heard any more, and whoever waits for it goes on. */
  close(): void {
    this.#stopClock?.()
    this.#stopClock = () => {}
    this.#listener = null
    this.playout.clear()
  }

  /** Sends the caller's frames, silent ones too, to the listener until the returned function is called. */
  listen(listener: (frame: Buffer) => void): () => void {
    this.#listener = listener
    return () => {
      if (this.#listener === listener) this.#listener = null
    }
  }

  /** Resolves when the audio has been played or cleared. */
  play(audio: Buffer): Promise<void> {
    this.playout.enqueue(audio)
    return new Promise((resolve) => this.playout.mark(() => resolve()))
  }

  /** Resolves after so many milliseconds of the caller's time; `signal` cuts a long silence short. */
  async pause(milliseconds: number, signal: AbortSignal): Promise<void> {
    for (let left = milliseconds; left > 0 && !signal.aborted; left -= SILENCE_PIECE_MS)
      await this.play(muLawSilence(Math.min(left, SILENCE_PIECE_MS)))
  }

  #tick(): void {
    this.#frames++
    this.playout.playFrame((frame) => this.#caller.hear(frame))
    const spoken = this.#caller.nextFrame()
    this.#listener?.(spoken && spoken.length === FRAME_BYTES ? spoken : SILENT_FRAME)
  }
}
