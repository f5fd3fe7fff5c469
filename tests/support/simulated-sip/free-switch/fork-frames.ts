import { Resampler } from '../../../../src/audio/resampler.ts'
import { CHANNEL_RATE } from './sound.ts'

export type Mix = 'mono' | 'mixed' | 'stereo'

/** Frames as they go to the service: 16-bit little endian of the caller alone, of both summed, or of both side by side. */
export class ForkFrames {
  readonly #mix: Mix
  readonly #caller: (samples: Int16Array) => Int16Array
  readonly #other: (samples: Int16Array) => Int16Array

  constructor({ mix, sampling }: { mix: Mix; sampling: number }) {
    this.#mix = mix
    this.#caller = resampledTo(sampling)
    this.#other = resampledTo(sampling)
  }

  frame(caller: Int16Array, other: Int16Array): Buffer {
    const left = this.#caller(caller)
    if (this.#mix === 'mono') return littleEndian(left)
    const right = this.#other(other)
    if (this.#mix === 'mixed')
      return littleEndian(Array.from(left, (sample, i) => sample + (right[i] as number)))
    return littleEndian(Array.from(left).flatMap((sample, i) => [sample, right[i] as number]))
  }
}

function resampledTo(rate: number): (samples: Int16Array) => Int16Array {
  if (rate === CHANNEL_RATE) return (samples) => samples
  const resampler = new Resampler(CHANNEL_RATE, rate)
  return (samples) => resampler.resample(samples)
}

function littleEndian(samples: ArrayLike<number>): Buffer {
  const bytes = Buffer.alloc(samples.length * 2)
  for (let i = 0; i < samples.length; i++) bytes.writeInt16LE(clipped(samples[i] as number), i * 2)
  return bytes
}

/** What two voices come to may be louder than a sample can be. */
export function clipped(sample: number): number {
  return Math.max(-32768, Math.min(32767, sample))
}
