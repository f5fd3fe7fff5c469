/** Sound of one channel: mu-law has a byte a sample, L16 two, signed and in little endian. `rate` is in Hz. */
export type AudioFormat = { encoding: 'mulaw' | 'l16'; rate: number }

/** Sound as one side of a relay writes it into its messages: as base64, which is ASCII, or as it is. */
export type WireAudio = AudioFormat & { wire: 'base64' | 'bytes' }

/** What the telephone network speaks. */
export const TELEPHONE_AUDIO: AudioFormat = { encoding: 'mulaw', rate: 8000 }

const PADDING = 0x3d

/** As SDP would write it (RFC 4566, section 6): `PCMU/8000` or `L16/16000`. */
export const nameOf = ({ encoding, rate }: AudioFormat): string =>
  `${encoding === 'mulaw' ? 'PCMU' : 'L16'}/${rate}`

/** How many bytes of sound there are in a millisecond. */
export const bytesPerMs = ({ encoding, rate }: AudioFormat): number =>
  (rate * (encoding === 'l16' ? 2 : 1)) / 1000

/** How many bytes there are in a millisecond of what goes over the wire. */
export const wireBytesPerMs = (audio: WireAudio): number =>
  audio.wire === 'base64' ? (bytesPerMs(audio) * 4) / 3 : bytesPerMs(audio)

/** How long a payload sounds. */
export function millisecondsOf(payload: Buffer, audio: WireAudio): number {
  const bytes = audio.wire === 'base64' ? decodedLength(payload) : payload.length
  return bytes / bytesPerMs(audio)
}

function decodedLength(base64: Buffer): number {
  const { length } = base64
  if (base64[length - 1] !== PADDING) return (length * 3) / 4
  return (length * 3) / 4 - (base64[length - 2] === PADDING ? 2 : 1)
}
