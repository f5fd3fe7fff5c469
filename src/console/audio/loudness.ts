/** What is quieter than this cannot be told from a silent line. */
const FLOOR_DB = -54
/** Loud speech on a telephone line; a meter is full there. */
const CEILING_DB = -9
const FULL_SCALE = 32768

/** How loud 16-bit samples sound, from 0 for silence to 1 for loud speech, in steps that the ear takes to be even. */
export function loudness(samples: Int16Array): number {
  let sum = 0
  for (const sample of samples) sum += sample * sample
  if (sum === 0) return 0
  const decibels = 10 * Math.log10(sum / samples.length / FULL_SCALE ** 2)
  return Math.max(0, Math.min(1, (decibels - FLOOR_DB) / (CEILING_DB - FLOOR_DB)))
}

/** Somebody talks, or music plays. */
export const LOUD = 0.25
