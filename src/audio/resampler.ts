/*
 * Changes the sample rate of sound that comes in pieces: a polyphase FIR low-pass. However a stream is cut, the same
 * samples come out, so there is nothing to be heard where two pieces meet.
 */

/** What the lower of the two rates can carry is kept up to this share of it (3.4 kHz of a telephone's 4) … */
const PASSED_SHARE = 0.85
/** … and what it cannot carry is damped by so many dB: far below the noise that mu-law makes by itself. */
const DAMPED_DB = 60

/** Samples that are taken at once; it bounds what one stream keeps in memory. */
const BLOCK = 1024

/** The low-pass as seen from each place between two samples at which the other rate has one. */
type Bank = {
  /** Places between two samples of the source. */
  phases: number
  /** How far it is from one sample of the target to the next, in such places. */
  step: number
  /** Samples of the source that make one of the target. */
  taps: number
  /** `taps` weights for each phase, in the order in which the samples came. */
  weights: Float64Array
}

/** One stream on its way from one rate to another; what comes out is late by half of the filter, 4 ms at most. */
export class Resampler {
  readonly #bank: Bank
  /** The last `taps - 1` samples before this block, and then the block. */
  readonly #window: Float64Array
  /** Where the next sample of the target lies behind the block's first one, in places. */
  #next = 0

  /** Both rates are in Hz and whole. Throws RangeError for what is none. */
  constructor(fromRate: number, toRate: number) {
    this.#bank = bankOf(fromRate, toRate)
    this.#window = new Float64Array(this.#bank.taps - 1 + BLOCK)
  }

  /** The next piece, of any length, at the new rate. */
  resample(samples: Int16Array): Int16Array {
    const { phases, step } = this.#bank
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
    const { phases, step, taps, weights } = this.#bank
    const window = this.#window
    window.set(block, taps - 1)
    let written = from
    let at = Math.floor(this.#next / phases)
    let phase = this.#next % phases
    while (at < block.length) {
      resampled[written++] = weighted(window, at, weights, phase * taps, taps)
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

/** Four sums at once, because each addition would wait for the one before it; `taps` is a multiple of four. */
function weighted(
  samples: Float64Array,
  at: number,
  weights: Float64Array,
  from: number,
  taps: number,
): number {
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  for (let tap = 0; tap < taps; tap += 4) {
    const sample = at + tap
    const weight = from + tap
    a += (samples[sample] as number) * (weights[weight] as number)
    b += (samples[sample + 1] as number) * (weights[weight + 1] as number)
    c += (samples[sample + 2] as number) * (weights[weight + 2] as number)
    d += (samples[sample + 3] as number) * (weights[weight + 3] as number)
  }
  return Math.max(-32768, Math.min(32767, Math.round(a + b + (c + d))))
}

const banks = new Map<string, Bank>()

/** The same for all streams between two rates. */
function bankOf(fromRate: number, toRate: number): Bank {
  const name = `${fromRate} to ${toRate}`
  const known = banks.get(name)
  if (known) return known
  if (![fromRate, toRate].every((rate) => Number.isInteger(rate) && rate > 0))
    throw new RangeError(`Cannot resample from ${fromRate} Hz to ${toRate} Hz.`)
  const bank = design(fromRate, toRate)
  banks.set(name, bank)
  return bank
}

/**
 * A Kaiser window over a sinc. Source: Oppenheim and Schafer, Discrete-Time Signal Processing, section 7.5. Towards the
 * lower rate all is damped that would fold back. Towards the higher one images only mirror what is there, so those of what
 * is passed are damped and no more: that is half the work.
 */
function design(fromRate: number, toRate: number): Bank {
  const divisor = greatestDivisor(fromRate, toRate)
  const phases = toRate / divisor
  const nyquist = Math.min(fromRate, toRate) / 2
  const damped = nyquist * (fromRate > toRate ? 1 : 2 - PASSED_SHARE)
  const transition = (damped - PASSED_SHARE * nyquist) / fromRate
  const taps = Math.ceil((DAMPED_DB - 7.95) / (14.36 * transition) / 4) * 4
  const cutoff = (damped + PASSED_SHARE * nyquist) / fromRate
  const weights = new Float64Array(phases * taps)
  for (let phase = 0; phase < phases; phase++) {
    const ofPhase = weights.subarray(phase * taps, (phase + 1) * taps)
    for (let tap = 0; tap < taps; tap++) {
      const distance = tap + 1 - taps / 2 - phase / phases
      ofPhase[tap] = sinc(distance * cutoff) * kaiser(distance / (taps / 2))
    }
    const sum = ofPhase.reduce((total, weight) => total + weight, 0)
    for (let tap = 0; tap < taps; tap++) ofPhase[tap] = (ofPhase[tap] as number) / sum
  }
  return { phases, step: fromRate / divisor, taps, weights }
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x)
}

const KAISER_BETA = 0.1102 * (DAMPED_DB - 8.7)

/** 1 in the middle, nothing outside of -1 to 1. */
function kaiser(x: number): number {
  return Math.abs(x) > 1 ? 0 : bessel(KAISER_BETA * Math.sqrt(1 - x * x)) / bessel(KAISER_BETA)
}

/** The modified Bessel function of the first kind and order zero, by its power series. */
function bessel(x: number): number {
  let [sum, term] = [1, 1]
  for (let k = 1; term > sum * 1e-16; k++) {
    term *= (x / 2 / k) ** 2
    sum += term
  }
  return sum
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b)
}
