import { MU_LAW_RATE } from './mulaw.ts'

/** Zero crossings of the low-pass filter on either side: enough for speech and hold music on a telephone line. */
const CROSSINGS = 12

/**
 * Changes the sample rate, by default to the telephone's 8 kHz, through a Hann-windowed sinc: what the new rate cannot
 * carry is filtered out instead of coming back as a whistle.
 */
export function resample(samples: Int16Array, fromRate: number, toRate: number = MU_LAW_RATE): Int16Array {
  if (!(fromRate > 0 && toRate > 0))
    throw new RangeError(`Cannot resample from ${fromRate} Hz to ${toRate} Hz.`)
  if (fromRate === toRate) return samples
  const step = fromRate / toRate
  // Below the lower of the two Nyquist frequencies, as a share of the source's.
  const cutoff = Math.min(1, 1 / step)
  const length = Math.round(samples.length / step)
  return Int16Array.from({ length }, (_, i) => clamp(filteredAt(samples, i * step, cutoff)))
}

/** The low-passed source at a place between its samples. */
function filteredAt(samples: Int16Array, centre: number, cutoff: number): number {
  const reach = CROSSINGS / cutoff
  const last = Math.min(samples.length - 1, Math.floor(centre + reach))
  let sum = 0
  let weights = 0
  for (let i = Math.max(0, Math.ceil(centre - reach)); i <= last; i++) {
    const distance = i - centre
    const weight = sinc(distance * cutoff) * (1 + Math.cos((Math.PI * distance) / reach))
    sum += weight * (samples[i] as number)
    weights += weight
  }
  return weights === 0 ? 0 : sum / weights
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x)
}

function clamp(value: number): number {
  return Math.max(-32768, Math.min(32767, Math.round(value)))
}
