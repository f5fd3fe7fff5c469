import { decodeMuLaw } from './mulaw.ts'
import { encodeMuLaw } from './mulaw-buffer.ts'

/*
 * Between mu-law and L16, signed 16-bit linear samples in little endian, at one rate. Both ways are one look into a table
 * for each sample, since a call has sixteen thousand of them in a second.
 */

const SAMPLE_VALUES = 65_536
const CODEWORDS = 256

/** The codeword of each sample, by the sample taken as an unsigned 16-bit number. */
const CODEWORD_OF_SAMPLE = encodeMuLaw(
  Int16Array.from({ length: SAMPLE_VALUES }, (_, index) => (index << 16) >> 16),
)
/** The sample of each codeword, as an unsigned 16-bit number. */
const SAMPLE_OF_CODEWORD = Uint16Array.from(
  decodeMuLaw(Uint8Array.from({ length: CODEWORDS }, (_, byte) => byte)),
  (sample) => sample & 0xffff,
)

/** `l16` has two bytes a sample; a last odd one is left out. */
export function muLawOfLinear(l16: Uint8Array): Buffer {
  const samples = l16.length >> 1
  const codewords = Buffer.allocUnsafe(samples)
  for (let sample = 0, at = 0; sample < samples; sample++, at += 2) {
    const value = (l16[at] as number) | ((l16[at + 1] as number) << 8)
    codewords[sample] = CODEWORD_OF_SAMPLE[value] as number
  }
  return codewords
}

export function linearOfMuLaw(codewords: Uint8Array): Buffer {
  const l16 = Buffer.allocUnsafe(codewords.length * 2)
  for (let sample = 0, at = 0; sample < codewords.length; sample++, at += 2) {
    const value = SAMPLE_OF_CODEWORD[codewords[sample] as number] as number
    l16[at] = value & 0xff
    l16[at + 1] = value >> 8
  }
  return l16
}

/** The samples of L16; a last odd byte is left out. */
export function linearSamples(l16: Uint8Array): Int16Array {
  const samples = new Int16Array(l16.length >> 1)
  for (let sample = 0, at = 0; sample < samples.length; sample++, at += 2)
    samples[sample] = (l16[at] as number) | ((l16[at + 1] as number) << 8)
  return samples
}

export function linearBytes(samples: Int16Array): Buffer {
  const l16 = Buffer.allocUnsafe(samples.length * 2)
  for (let sample = 0, at = 0; sample < samples.length; sample++, at += 2) {
    const value = samples[sample] as number
    l16[at] = value
    l16[at + 1] = value >> 8
  }
  return l16
}
