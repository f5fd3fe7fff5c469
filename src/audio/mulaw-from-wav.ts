import { encodeMuLaw } from './mulaw-buffer.ts'
import { Resampler } from './resampler.ts'
import { readWav } from './wav.ts'

/** Turns a WAV file into what a telephone line carries: mu-law, 8 kHz, mono. Throws WavError. */
export function muLawFromWav(file: Uint8Array): Buffer {
  const { samples, rate } = readWav(file)
  return encodeMuLaw(Resampler.whole(samples, rate))
}
