import { parseBuffer } from 'music-metadata'

/*
 * How long a sample is, as far as its file says so. No audio is decoded: a sample that is seconds long is told from one
 * that holds a click, and the vendor judges the rest.
 */

export type SampleFormat = 'wav' | 'mp3' | 'ogg' | 'flac' | 'm4a' | 'webm' | 'aac'

/** Seconds of sound, 0 when there is none; null when the file does not say, or is not made as its format should be. */
export async function secondsOf(
  { name, mimeType }: { name: SampleFormat; mimeType: string },
  bytes: Buffer,
): Promise<number | null> {
  try {
    return await (name in LENGTH_OF
      ? LENGTH_OF[name as keyof typeof LENGTH_OF](bytes)
      : containerSeconds(mimeType, bytes))
  } catch {
    // A file that is cut short is read past its end, and the library has words of its own for that; the vendor has the last one.
    return null
  }
}

const LENGTH_OF = { wav: wavSeconds, mp3: mp3Seconds, ogg: oggSeconds, flac: flacSeconds }

/** What phones and browsers record. One without a track of sound is a film. */
async function containerSeconds(mimeType: string, bytes: Buffer): Promise<number | null> {
  const { format } = await parseBuffer(bytes, { mimeType, size: bytes.length }, { skipCovers: true })
  return format.hasAudio === false && format.hasVideo ? 0 : (format.duration ?? null)
}

/** A recorder that was cut off never wrote how much there is, and one with 64 bits says it elsewhere (EBU Tech 3306). */
const UNKNOWN_SIZES = [0, 0xffff_ffff]

/**
 * The chunks of RIFF and RF64: `fmt ` says how many bytes make a second, `data` how many there are. music-metadata takes
 * RF64 for AAC and finds no length in a file that was cut off.
 */
function wavSeconds(bytes: Buffer): number | null {
  let bytesPerSecond = 0
  for (let at = 12; at + 8 <= bytes.length; ) {
    const [id, size] = [bytes.toString('latin1', at, at + 4), bytes.readUInt32LE(at + 4)]
    const body = at + 8
    if (id === 'fmt ' && size >= 16 && body + 12 <= bytes.length)
      bytesPerSecond = bytes.readUInt32LE(body + 8)
    if (id === 'data') {
      const rest = bytes.length - body
      const length = UNKNOWN_SIZES.includes(size) ? rest : Math.min(size, rest)
      return bytesPerSecond ? length / bytesPerSecond : null
    }
    at = body + size + (size % 2)
  }
  return 0
}

/** STREAMINFO (RFC 9639, section 8.2) has the sample rate in 20 bits and the number of samples in 36. */
function flacSeconds(bytes: Buffer): number | null {
  const info = 8
  const rate = bytes.readUIntBE(info + 10, 3) >> 4
  const samples = (bytes.readUInt8(info + 13) & 0x0f) * 2 ** 32 + bytes.readUInt32BE(info + 14)
  return rate && samples ? samples / rate : null
}

/** Opus counts in 48 kHz whatever it was made from (RFC 7845, section 4). */
const OPUS_RATE = 48_000
const NO_POSITION = 0xffff_ffff_ffff_ffffn

/** The last page says how many samples there are up to its end (RFC 3533, section 6). */
function oggSeconds(bytes: Buffer): number | null {
  const packet = 27 + bytes.readUInt8(26)
  const isOpus = bytes.toString('latin1', packet, packet + 8) === 'OpusHead'
  const isVorbis = bytes.toString('latin1', packet, packet + 7) === '\x01vorbis'
  if (!isOpus && !isVorbis) return null
  const rate = isOpus ? OPUS_RATE : bytes.readUInt32LE(packet + 12)
  const position = bytes.readBigUInt64LE(bytes.lastIndexOf('OggS') + 6)
  return rate && position !== NO_POSITION ? Number(position) / rate : null
}

/** Kilobits a second of layer III by the four bits of its header (ISO 11172-3 and 13818-3, table of bitrates). */
const BITRATES = {
  mpeg1: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  mpeg2: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
}
const RATES = [44_100, 48_000, 32_000]
/** What may follow the last frame, such as a tag with the title. */
const MAX_TAIL_BYTES = 4_096
/** So many frames in a row are no chance; what two bytes look like is. */
const FRAMES_THAT_PROVE = 4
/** No frame is longer, so that one begins within as many bytes of wherever a file was cut. */
const LONGEST_FRAME = 1_441

/** Where the first frame begins: after a tag, or after the rest of a frame in which the file was cut; null when there is none. */
export function firstFrame(bytes: Buffer): number | null {
  const from = endOfTag(bytes)
  for (let at = from; at < Math.min(from + LONGEST_FRAME, bytes.length); at++)
    if (isChain(bytes, at)) return at
  return null
}

function isChain(bytes: Buffer, start: number): boolean {
  let at = start
  for (let count = 0; count < FRAMES_THAT_PROVE; count++) {
    const frame = frameAt(bytes, at)
    // A file may end sooner; a chain that ends with it is one, too.
    if (!frame) return count > 0 && at === bytes.length
    at += frame.length
  }
  return true
}

/** Frame after frame, since a variable bitrate is in no header; null when the chain of frames breaks. */
function mp3Seconds(bytes: Buffer): number | null {
  let at = firstFrame(bytes) ?? bytes.length
  let seconds = 0
  for (
    let frame = frameAt(bytes, at);
    frame && at + frame.length <= bytes.length;
    frame = frameAt(bytes, at)
  ) {
    seconds += frame.seconds
    at += frame.length
  }
  return seconds > 0 && bytes.length - at <= MAX_TAIL_BYTES ? seconds : null
}
/** The size of an ID3v2 tag is in four bytes of seven bits. */
function endOfTag(bytes: Buffer): number {
  if (bytes.toString('latin1', 0, 3) !== 'ID3') return 0
  const [a = 0, b = 0, c = 0, d = 0] = bytes.subarray(6, 10)
  return 10 + a * 2 ** 21 + b * 2 ** 14 + c * 2 ** 7 + d
}

function frameAt(bytes: Buffer, at: number): { length: number; seconds: number } | null {
  if (at + 4 > bytes.length) return null
  const [sync = 0, kind = 0, pace = 0] = bytes.subarray(at, at + 3)
  if (sync !== 0xff || (kind & 0xe6) !== 0xe2) return null
  const version = (kind >> 3) & 3
  const isMpeg1 = version === 3
  const bitrate = BITRATES[isMpeg1 ? 'mpeg1' : 'mpeg2'][pace >> 4]
  const fullRate = RATES[(pace >> 2) & 3]
  if (!bitrate || !fullRate || version === 1) return null
  const rate = fullRate / (isMpeg1 ? 1 : version === 2 ? 2 : 4)
  const samples = isMpeg1 ? 1152 : 576
  const padding = (pace >> 1) & 1
  return { length: Math.floor((samples * bitrate * 125) / rate) + padding, seconds: samples / rate }
}
