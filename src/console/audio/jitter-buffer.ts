export type JitterBufferOptions = {
  /** How much sound is kept back, in samples, so that late frames still come in time. */
  delay: number
  /** The most that may wait, in samples; past it the oldest sound is skipped. */
  capacity: number
}

/**
 * Evens out the arrival of sound. The first frame after silence waits for `delay`, whatever follows it, so that a short
 * word is not kept for ever; a flood is cut back to `delay`, so that the caller never falls behind the call.
 */
export class JitterBuffer {
  readonly #delay: number
  readonly #ring: Int16Array
  #start = 0
  #length = 0
  /** Samples of silence to go until playing begins. */
  #holdBack = 0
  #played = 0
  #skipped = 0
  #gaps = 0

  constructor({ delay, capacity }: JitterBufferOptions) {
    if (!(delay < capacity)) throw new RangeError('The delay must fit into the capacity.')
    this.#delay = delay
    this.#ring = new Int16Array(capacity)
  }

  /** Samples that wait to be played. */
  get length(): number {
    return this.#length
  }

  /** Counted from the beginning: samples played and skipped, and how often sound came after it had run dry. */
  get counts(): { played: number; skipped: number; gaps: number } {
    return { played: this.#played, skipped: this.#skipped, gaps: this.#gaps }
  }

  push(samples: Int16Array): void {
    const newest = samples.subarray(-this.#ring.length)
    if (this.#length === 0 && this.#holdBack === 0) {
      this.#holdBack = this.#delay
      if (this.#played > 0) this.#gaps++
    }
    if (this.#length + newest.length > this.#ring.length) {
      this.#skip(this.#length + newest.length - Math.max(this.#delay, newest.length))
    }
    for (const sample of newest) {
      this.#ring[(this.#start + this.#length) % this.#ring.length] = sample
      this.#length++
    }
  }

  /** Fills `out` with what is due: sound, or silence where there is none. */
  read(out: Int16Array): void {
    const silent = Math.min(this.#holdBack, out.length)
    this.#holdBack -= silent
    const sounding = Math.min(this.#length, out.length - silent)
    out.fill(0)
    for (let i = 0; i < sounding; i++) {
      out[silent + i] = this.#ring[(this.#start + i) % this.#ring.length] as number
    }
    this.#advance(sounding)
    this.#played += sounding
  }

  #skip(count: number): void {
    const skipped = Math.min(count, this.#length)
    this.#advance(skipped)
    this.#skipped += skipped
  }

  #advance(count: number): void {
    this.#start = (this.#start + count) % this.#ring.length
    this.#length -= count
  }
}
