/*
 * How long a sample is, as far as its file says so. No audio is decoded: a sample that is seconds long is told from one
 * that holds a click, and the vendor judges the rest.
 */

export type SampleFormat = 'wav' | 'mp3' | 'ogg' | 'flac'

/** Seconds of sound; null when the file does not say, or is not made as its format should be. */
export function secondsOf(format: SampleFormat, bytes: Buffer): number | null {
  try {
    return LENGTH_OF[format](bytes)
  } catch (error) {
    // A file that is cut short is read past its end.
    if (error instanceof RangeError) return null
    throw error
  }
}

const LENGTH_OF: Record<SampleFormat, (bytes: Buffer) => number | null> = {
  wav: wavSeconds,
  mp3: mp3Seconds,
  ogg: oggSeconds,
  flac: flacSeconds,
}

/** The chunks of RIFF: `fmt ` says how many bytes make a second, `data` how many there are; a stream's are all that follow. */
function wavSeconds(bytes: Buffer): number | null {
  let bytesPerSecond = 0
  for (let at = 12; at + 8 <= bytes.length; ) {
    const [id, size] = [bytes.toString('latin1', at, at + 4), bytes.readUInt32LE(at + 4)]
    const body = at + 8
    if (id === 'fmt ' && size >= 16) bytesPerSecond = bytes.readUInt32LE(body + 8)
    if (id === 'data') return bytesPerSecond ? Math.min(size, bytes.length - body) / bytesPerSecond : null
    at = body + size + (size % 2)
  }
  return null
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

/** Frame after frame, since a variable bitrate is in no header; null when the chain of frames breaks. */
function mp3Seconds(bytes: Buffer): number | null {
  let at = endOfTag(bytes)
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
