/** The rate of the channels. */
export const CHANNEL_RATE = 8000

/** Something that can be played. */
export interface Sound {
  /** The file's own rate; positions are told in it. */
  readonly nativeRate: number
  /** The next samples at the channel's rate; fewer than asked for only at the end. */
  read(count: number): Int16Array
}

export function sampled(samples: Int16Array, nativeRate: number, isEndless = false): Sound {
  let at = 0
  return {
    nativeRate,
    read(count) {
      const chunk = samples.subarray(at, at + count)
      at += count
      if (isEndless && at >= samples.length) at = 0
      return chunk
    },
  }
}
