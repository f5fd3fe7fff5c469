import { resample } from '../../../audio/resample.ts'
import { CHANNEL_RATE } from './sound.ts'

export type Mix = 'mono' | 'mixed' | 'stereo'

/** A frame as it goes to the service: 16-bit little endian of the caller alone, of both summed, or of both side by side. */
export function forkFrame(
  { caller, other }: { caller: Int16Array; other: Int16Array },
  { mix, sampling }: { mix: Mix; sampling: number },
): Buffer {
  const left = resample(caller, CHANNEL_RATE, sampling)
  if (mix === 'mono') return littleEndian(left)
  const right = resample(other, CHANNEL_RATE, sampling)
  if (mix === 'mixed') return littleEndian(Array.from(left, (sample, i) => sample + (right[i] as number)))
  return littleEndian(Array.from(left).flatMap((sample, i) => [sample, right[i] as number]))
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
