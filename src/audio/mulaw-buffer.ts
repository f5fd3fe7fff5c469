import { encodeMuLawInto, MU_LAW_RATE, MU_LAW_SILENCE } from './mulaw.ts'

/** Encodes linear 16-bit samples, one byte each. */
export function encodeMuLaw(samples: Int16Array): Buffer {
  const bytes = Buffer.allocUnsafe(samples.length)
  encodeMuLawInto(samples, bytes)
  return bytes
}

/** Silence of the given length, rounded to whole samples. */
export function muLawSilence(milliseconds: number): Buffer {
  return Buffer.alloc(Math.round((milliseconds * MU_LAW_RATE) / 1000), MU_LAW_SILENCE)
}
