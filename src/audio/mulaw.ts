/*
 * G.711 mu-law, the codec of the telephone network: 8000 samples a second, one byte each, on a logarithmic scale.
 * Source: ITU-T G.711 (11/88), table 2a; here on the 16-bit scale, where 14-bit values are multiplied by four.
 * The console's page uses it too, so that there is nothing of Node in it.
 */

/** Samples, and bytes, in a second of telephone audio. */
export const MU_LAW_RATE = 8000

/** The byte of digital silence: a sample of +0. */
export const MU_LAW_SILENCE = 0xff

/** Added before the logarithm is taken, so that the segments meet without a gap. */
const BIAS = 0x84
/** The loudest sample that a codeword stands for; what is louder is clipped. */
const CLIP = 32635
const SAMPLE_VALUES = 65536

const SAMPLE_OF_BYTE = Int16Array.from({ length: 256 }, (_, byte) => decodeByte(byte))
/** Indexed by the sample taken as an unsigned 16-bit number. */
const BYTE_OF_SAMPLE = Uint8Array.from({ length: SAMPLE_VALUES }, (_, index) =>
  encodeSample((index << 16) >> 16),
)

/** Encodes linear 16-bit samples, one byte each; `bytes` must be as long as `samples`. */
export function encodeMuLawInto(samples: Int16Array, bytes: Uint8Array): void {
  for (let i = 0; i < samples.length; i++)
    bytes[i] = BYTE_OF_SAMPLE[(samples[i] as number) & 0xffff] as number
}

/** Decodes to linear 16-bit samples. Every byte is a valid codeword; 0x7f and 0xff are both zero. */
export function decodeMuLaw(bytes: Uint8Array): Int16Array {
  const samples = new Int16Array(bytes.length)
  for (let i = 0; i < bytes.length; i++) samples[i] = SAMPLE_OF_BYTE[bytes[i] as number] as number
  return samples
}

/** How long these many bytes of mu-law sound, in milliseconds. */
export function muLawMilliseconds(byteCount: number): number {
  return (byteCount * 1000) / MU_LAW_RATE
}

function decodeByte(byte: number): number {
  // Codewords travel inverted, so that a quiet line still carries ones.
  const code = ~byte & 0xff
  const segment = (code >> 4) & 0x07
  const magnitude = (((code & 0x0f) << 3) + BIAS) << segment
  return code & 0x80 ? BIAS - magnitude : magnitude - BIAS
}

function encodeSample(sample: number): number {
  const magnitude = Math.min(Math.abs(sample), CLIP) + BIAS
  const segment = 31 - Math.clz32(magnitude) - 7
  const step = (magnitude >> (segment + 3)) & 0x0f
  return ~((sample < 0 ? 0x80 : 0) | (segment << 4) | step) & 0xff
}
