/*
 * The low-pass between two sample rates, as a bank of FIR filters: one for each place between two samples of the source at
 * which the target has one. A Kaiser window over a sinc. Source: Oppenheim and Schafer, Discrete-Time Signal Processing,
 * section 7.5.
 */

/** What the lower of the two rates can carry is kept up to this share of it (3.4 kHz of a telephone's 4) … */
const PASSED_SHARE = 0.85
/** … and what it cannot carry is damped by so many dB: far below the noise that mu-law makes by itself. */
const DAMPED_DB = 60
const KAISER_BETA = 0.1102 * (DAMPED_DB - 8.7)

/** Between the rates in use there are 441 at most; a bank of more is large, and its rates seldom come again. */
const MOST_PHASES_KEPT = 1000

export class PolyphaseFilter {
  /** Places between two samples of the source. */
  readonly phases: number
  /** How far it is from one sample of the target to the next, in such places. */
  readonly step: number
  /** Samples of the source that make one of the target; a multiple of four. */
  readonly taps: number
  /** As a share of the source's rate, twice over. */
  readonly #cutoff: number
  readonly #weights: (Float64Array | undefined)[] = []

  /**
   * Towards the lower rate all is damped that would fold back. Towards the higher one images only mirror what is there, so
   * those of what is passed are damped and no more: that is half the work.
   */
  private constructor(fromRate: number, toRate: number) {
    const divisor = greatestDivisor(fromRate, toRate)
    const nyquist = Math.min(fromRate, toRate) / 2
    const damped = nyquist * (fromRate > toRate ? 1 : 2 - PASSED_SHARE)
    const transition = (damped - PASSED_SHARE * nyquist) / fromRate
    this.phases = toRate / divisor
    this.step = fromRate / divisor
    this.taps = Math.ceil((DAMPED_DB - 7.95) / (14.36 * transition) / 4) * 4
    this.#cutoff = (damped + PASSED_SHARE * nyquist) / fromRate
  }

  /** The same for all streams between two rates, which are in Hz and whole. Throws RangeError for what is none. */
  static between(fromRate: number, toRate: number): PolyphaseFilter {
    const name = `${fromRate} to ${toRate}`
    const known = kept.get(name)
    if (known) return known
    if (![fromRate, toRate].every((rate) => Number.isInteger(rate) && rate > 0))
      throw new RangeError(`Cannot resample from ${fromRate} Hz to ${toRate} Hz.`)
    const filter = new PolyphaseFilter(fromRate, toRate)
    if (filter.phases <= MOST_PHASES_KEPT) kept.set(name, filter)
    return filter
  }

  /** `taps` weights, in the order in which the samples came. */
  weightsAt(phase: number): Float64Array {
    this.#weights[phase] ??= this.#design(phase)
    return this.#weights[phase]
  }

  #design(phase: number): Float64Array {
    const middle = this.taps / 2
    const weights = Float64Array.from({ length: this.taps }, (_, tap) => {
      const distance = tap + 1 - middle - phase / this.phases
      return sinc(distance * this.#cutoff) * kaiser(distance / middle)
    })
    const sum = weights.reduce((total, weight) => total + weight, 0)
    return weights.map((weight) => weight / sum)
  }
}

const kept = new Map<string, PolyphaseFilter>()

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x)
}

const PEAK = bessel(KAISER_BETA)

/** 1 in the middle, nothing outside of -1 to 1. */
function kaiser(x: number): number {
  return Math.abs(x) > 1 ? 0 : bessel(KAISER_BETA * Math.sqrt(1 - x * x)) / PEAK
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
