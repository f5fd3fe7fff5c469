import { decodeMuLaw } from './mulaw.ts'

/** About -42 dB below full scale: above a quiet line's noise, below a soft voice. */
const SPEECH_THRESHOLD = 250

/** Root mean square of linear samples: 0 for silence, 32768 at most. */
export function rms(samples: Int16Array): number {
  if (samples.length === 0) return 0
  let sum = 0
  for (const sample of samples) sum += sample * sample
  return Math.sqrt(sum / samples.length)
}

/** Whether a frame of mu-law is loud enough to be somebody talking (or music). */
export function isVoiced(frame: Uint8Array): boolean {
  return rms(decodeMuLaw(frame)) > SPEECH_THRESHOLD
}
