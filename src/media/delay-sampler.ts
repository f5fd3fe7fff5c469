import type { Clock } from '../runtime/clock.ts'
import type { MediaMetrics } from './media-metrics.ts'

/** One frame in 256, about one in five seconds of each direction of a call, is timed. */
const SAMPLE_MASK = 255

/** Times how long the relay takes for a frame of one direction; a sample of them, for a clock is dear beside a frame. */
export class DelaySampler {
  readonly #clock: Clock
  readonly #metrics: MediaMetrics
  #frames = 0

  constructor({ clock, metrics }: { clock: Clock; metrics: MediaMetrics }) {
    this.#clock = clock
    this.#metrics = metrics
  }

  /** When this frame came, to be handed to `end`; null for one that is not timed. */
  begin(): number | null {
    return (++this.#frames & SAMPLE_MASK) === 0 ? this.#clock.now() : null
  }

  end(began: number | null): void {
    if (began !== null) this.#metrics.observeRelayDelay((this.#clock.now() - began) / 1000)
  }
}
