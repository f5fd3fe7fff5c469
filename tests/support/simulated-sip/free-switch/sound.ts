/** The rate of the channels, in Hz. */
export const CHANNEL_RATE = 8000
/** Samples in a frame of 20 ms. */
export const FRAME_SAMPLES = 160

/** Something that can be played. */
export interface Sound {
  /** The file's own rate; positions are told in it. */
  readonly nativeRate: number
  /** How long it is, in samples at its own rate. */
  readonly nativeLength: number
  /** The next samples at the channel's rate; fewer than asked for only at the end. */
  read(count: number): Int16Array
}

/** A sound of samples at the channel's rate. */
export function sampled(samples: Int16Array, { nativeRate = CHANNEL_RATE, isEndless = false } = {}): Sound {
  let at = 0
  return {
    nativeRate,
    nativeLength: isEndless ? Number.POSITIVE_INFINITY : (samples.length * nativeRate) / CHANNEL_RATE,
    read(count) {
      const chunk = samples.subarray(at, at + count)
      at += count
      if (!isEndless || chunk.length === count) return chunk
      at = count - chunk.length
      const wrapped = new Int16Array(count)
      wrapped.set(chunk)
      wrapped.set(samples.subarray(0, at), chunk.length)
      return wrapped
    },
  }
}

/** Silence of so many milliseconds; for ever when there are fewer than none. */
export function silence(milliseconds: number): Sound {
  let left = milliseconds < 0 ? Number.POSITIVE_INFINITY : (milliseconds * CHANNEL_RATE) / 1000
  return {
    nativeRate: CHANNEL_RATE,
    nativeLength: left,
    read(count) {
      const length = Math.min(count, left)
      left -= length
      return new Int16Array(length)
    },
  }
}
