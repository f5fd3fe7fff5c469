import { MU_LAW_RATE } from './mulaw.ts'
import { PolyphaseFilter } from './polyphase-filter.ts'

/*
 * Changes the sample rate of sound: of a stream that comes in pieces, or of all at once. However a stream is cut, the same
 * samples come out, so there is nothing to be heard where two pieces meet. The console's page uses it too, so that there is
 * nothing of Node in it.
 */

/** Samples that are taken at once; it bounds what one stream keeps in memory. */
const BLOCK = 1024

/** One stream on its way from one rate to another; what comes out is late by half of the filter, 4 ms at most. */
export class Resampler {
  readonly #filter: PolyphaseFilter
  /** The last `taps - 1` samples before this block, and then the block. */
  readonly #window: Float64Array
  /** Where the next sample of the target lies behind the block's first one, in places. */
  #next = 0

  /** Both rates are in Hz and whole. Throws RangeError for what is none. */
  constructor(fromRate: number, toRate: number) {
    this.#filter = PolyphaseFilter.between(fromRate, toRate)
    this.#window = new Float64Array(this.#filter.taps - 1 + BLOCK)
  }

  /** All of a sound, by default at the telephone's rate: not late, and as long as before. Throws RangeError as above. */
  static whole(samples: Int16Array, fromRate: number, toRate: number = MU_LAW_RATE): Int16Array {
    if (fromRate === toRate) return samples
    const resampler = new Resampler(fromRate, toRate)
    const { phases, step, taps } = resampler.#filter
    resampler.#next = (taps / 2) * phases
    const padded = new Int16Array(samples.length + taps / 2)
    padded.set(samples)
    return resampler.resample(padded).subarray(0, Math.round((samples.length * phases) / step))
  }

  /** The next piece, of any length, at the new rate. */
  resample(samples: Int16Array): Int16Array {
    const { phases, step } = this.#filter
    const resampled = new Int16Array(Math.ceil(Math.max(0, samples.length * phases - this.#next) / step))
    let written = 0
    for (let at = 0; at < samples.length; at += BLOCK) {
      written = this.#block(samples.subarray(at, at + BLOCK), resampled, written)
    }
    return resampled
  }

  /** Forgets what came before: the next piece has nothing to do with it. */
  reset(): void {
    this.#window.fill(0)
    this.#next = 0
  }

  #block(block: Int16Array, resampled: Int16Array, from: number): number {
    const { phases, step, taps } = this.#filter
    const window = this.#window
    window.set(block, taps - 1)
    let written = from
    let at = Math.floor(this.#next / phases)
    let phase = this.#next % phases
    while (at < block.length) {
      resampled[written++] = weighted(window, at, this.#filter.weightsAt(phase))
      phase += step
      while (phase >= phases) {
        phase -= phases
        at++
      }
    }
    this.#next = (at - block.length) * phases + phase
    window.copyWithin(0, block.length, block.length + taps - 1)
    return written
  }
}

/** Four sums at once, because each addition would wait for the one before it. */
function weighted(samples: Float64Array, at: number, weights: Float64Array): number {
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  for (let tap = 0; tap < weights.length; tap += 4) {
    const sample = at + tap
    a += (samples[sample] as number) * (weights[tap] as number)
    b += (samples[sample + 1] as number) * (weights[tap + 1] as number)
    c += (samples[sample + 2] as number) * (weights[tap + 2] as number)
    d += (samples[sample + 3] as number) * (weights[tap + 3] as number)
  }
  return Math.max(-32768, Math.min(32767, Math.round(a + b + (c + d))))
}
