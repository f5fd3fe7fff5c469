/** Zero crossings of the low-pass filter on either side: enough for speech and hold music on a telephone line. */
const CROSSINGS = 12
/** The filter begins to close a little below the Nyquist frequency, so that it is shut when it gets there. */
const PASS_BAND = 0.92

/**
 * Changes the sample rate of sound that comes in pieces, without a seam between them: a Hann-windowed sinc, worked out
 * once for each place that an output sample can have between two input samples.
 */
export class Resampler {
  /** Output sample n lies at input sample n · step / phases. */
  readonly #step: number
  readonly #phases: number
  readonly #reach: number
  readonly #filters: Float32Array[]
  #history: Float32Array
  /** The next output's place: a whole input sample within the history, and a phase after it. */
  #index: number
  #phase = 0

  constructor(fromRate: number, toRate: number) {
    if (!isRate(fromRate) || !isRate(toRate)) {
      throw new RangeError(`Cannot resample from ${fromRate} Hz to ${toRate} Hz.`)
    }
    const divisor = greatestCommonDivisor(fromRate, toRate)
    this.#step = fromRate / divisor
    this.#phases = toRate / divisor
    const cutoff = Math.min(1, toRate / fromRate) * PASS_BAND
    this.#reach = Math.ceil(CROSSINGS / cutoff)
    this.#filters = Array.from({ length: this.#phases }, (_, phase) =>
      filterFor(phase / this.#phases, this.#reach, cutoff),
    )
    // Silence before the beginning, so that the first output has all its neighbours.
    this.#history = new Float32Array(this.#reach)
    this.#index = this.#reach
  }

  /** Every output sample that the input so far determines; amplitudes are kept. */
  process(input: Float32Array | Int16Array): Float32Array {
    const samples = new Float32Array(this.#history.length + input.length)
    samples.set(this.#history)
    samples.set(input, this.#history.length)

    // One sample of input determines phases / step samples of output, and a rest from before may add one more.
    const output = new Float32Array(Math.ceil((input.length * this.#phases) / this.#step) + 1)
    let count = 0
    while (this.#index + this.#reach < samples.length) {
      output[count++] = this.#filtered(samples)
      this.#phase += this.#step
      this.#index += Math.floor(this.#phase / this.#phases)
      this.#phase %= this.#phases
    }
    const used = Math.min(this.#index - this.#reach, samples.length)
    this.#history = samples.slice(used)
    this.#index -= used
    return output.subarray(0, count)
  }

  #filtered(samples: Float32Array): number {
    const filter = this.#filters[this.#phase] as Float32Array
    const first = this.#index - this.#reach
    let sum = 0
    for (let i = 0; i < filter.length; i++) sum += (filter[i] as number) * (samples[first + i] as number)
    return sum
  }
}

/** The weights of the input samples from `reach` before to `reach` after, for an output `offset` past the middle one. */
function filterFor(offset: number, reach: number, cutoff: number): Float32Array {
  const weights = Float32Array.from({ length: 2 * reach + 1 }, (_, i) => {
    const distance = i - reach - offset
    if (Math.abs(distance) >= reach) return 0
    return sinc(distance * cutoff) * (1 + Math.cos((Math.PI * distance) / reach))
  })
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return weights.map((weight) => weight / sum)
}

const sinc = (x: number) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x))

const isRate = (rate: number) => Number.isInteger(rate) && rate > 0

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}
