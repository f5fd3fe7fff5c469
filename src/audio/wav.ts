import { decodeMuLaw, MU_LAW_RATE } from './mulaw.ts'

/*
 * RIFF/WAVE files: the formats that telephone systems, recorders and voice vendors hand out.
 * Source: Microsoft, "Multimedia Programming Interface and Data Specifications 1.0" and the format tags of RFC 2361.
 */

const PCM = 1
const MU_LAW = 7
/** The real tag then stands in the first two bytes of the format chunk's sub-format. */
const EXTENSIBLE = 0xfffe
const SUB_FORMAT_OFFSET = 24

const CHUNK_HEADER = 8
const RIFF_HEADER = 12
const MIN_FORMAT_CHUNK = 16
/** A program that writes to a pipe cannot go back to fill in the length, and leaves a number about as large as this or larger. */
const UNKNOWN_LENGTH = 0x7fff_0000
const MAX_CHANNELS = 32
const MAX_RATE = 384_000

/** The file is no WAV, is damaged, or is of a kind that is not read; the message says which and what to do. */
export class WavError extends Error {
  override readonly name = 'WavError'
}

/** One channel of linear 16-bit samples. */
export type Sound = { samples: Int16Array; rate: number }

type Format = { tag: number; channels: number; rate: number; bits: number }

/**
 * Reads a WAV file of 8- or 16-bit PCM or of mu-law, at any rate and with any number of channels, which are mixed to one.
 * Throws WavError.
 */
export function readWav(file: Uint8Array): Sound {
  const { format, data } = readChunks(Buffer.from(file.buffer, file.byteOffset, file.byteLength))
  return { samples: mixToMono(decode(format, data), format.channels), rate: format.rate }
}

/** A WAV file of 16-bit PCM with one channel. */
export function writePcmWav({ samples, rate }: Sound): Buffer {
  const data = Buffer.alloc(samples.length * 2)
  for (let i = 0; i < samples.length; i++) data.writeInt16LE(samples[i] as number, i * 2)
  return riff(formatChunk({ tag: PCM, channels: 1, rate, bits: 16 }), chunk('data', data))
}

/** A WAV file around mu-law bytes, untouched: one channel, 8 kHz. */
export function writeMuLawWav(bytes: Uint8Array): Buffer {
  const sampleCount = Buffer.alloc(4)
  sampleCount.writeUInt32LE(bytes.length)
  return riff(
    formatChunk({ tag: MU_LAW, channels: 1, rate: MU_LAW_RATE, bits: 8 }),
    chunk('fact', sampleCount),
    chunk('data', bytes),
  )
}

function readChunks(file: Buffer): { format: Format; data: Buffer } {
  if (file.length < RIFF_HEADER || file.toString('latin1', 0, 4) !== 'RIFF')
    throw new WavError('This is not a WAV file: it does not begin with "RIFF".')
  if (file.toString('latin1', 8, 12) !== 'WAVE')
    throw new WavError('This RIFF file is not a WAV file: it is not marked "WAVE".')
  let format: Format | undefined
  for (let at = RIFF_HEADER; at + CHUNK_HEADER <= file.length; ) {
    const id = file.toString('latin1', at, at + 4)
    const length = file.readUInt32LE(at + 4)
    const body = file.subarray(at + CHUNK_HEADER, at + CHUNK_HEADER + length)
    if (id === 'fmt ') format = readFormat(body)
    if (id === 'data') return { format: formatOrFault(format), data: wholeData(body, length) }
    // Chunks begin at even offsets.
    at += CHUNK_HEADER + length + (length % 2)
  }
  throw new WavError('This WAV file has no "data" chunk: it holds no sound, or it is cut short.')
}

function formatOrFault(format: Format | undefined): Format {
  if (format) return format
  throw new WavError('This WAV file has no "fmt " chunk before its sound.')
}

function readFormat(body: Buffer): Format {
  if (body.length < MIN_FORMAT_CHUNK) throw new WavError('The "fmt " chunk of this WAV file is cut short.')
  const outerTag = body.readUInt16LE(0)
  const tag =
    outerTag === EXTENSIBLE && body.length >= SUB_FORMAT_OFFSET + 2
      ? body.readUInt16LE(SUB_FORMAT_OFFSET)
      : outerTag
  const format = {
    tag,
    channels: body.readUInt16LE(2),
    rate: body.readUInt32LE(4),
    bits: body.readUInt16LE(14),
  }
  checkFormat(format)
  return format
}

function checkFormat({ tag, channels, rate, bits }: Format): void {
  const isRead = (tag === PCM && (bits === 8 || bits === 16)) || (tag === MU_LAW && bits === 8)
  if (!isRead)
    throw new WavError(
      `WAV format ${tag} with ${bits} bits is not read: only PCM (1) with 8 or 16 bits and mu-law (7) are. ` +
        'Convert the file, for example with: sox in.wav -b 16 -e signed-integer out.wav',
    )
  if (channels < 1 || channels > MAX_CHANNELS)
    throw new WavError(`This WAV file says it has ${channels} channels; 1 to ${MAX_CHANNELS} make sense.`)
  if (rate < 1 || rate > MAX_RATE)
    throw new WavError(`This WAV file says its sample rate is ${rate} Hz; 1 to ${MAX_RATE} make sense.`)
}

function wholeData(body: Buffer, length: number): Buffer {
  if (body.length < length && length < UNKNOWN_LENGTH)
    throw new WavError(`This WAV file is cut short: it says ${length} bytes of sound and has ${body.length}.`)
  return body
}

function decode({ tag, bits }: Format, data: Buffer): Int16Array {
  if (tag === MU_LAW) return decodeMuLaw(data)
  // 8-bit PCM is unsigned, 16-bit PCM is signed.
  if (bits === 8) return Int16Array.from(data, (byte) => (byte - 128) << 8)
  return Int16Array.from({ length: data.length >> 1 }, (_, i) => data.readInt16LE(i * 2))
}

function mixToMono(interleaved: Int16Array, channels: number): Int16Array {
  if (channels === 1) return interleaved
  return Int16Array.from({ length: Math.floor(interleaved.length / channels) }, (_, i) => {
    let sum = 0
    for (let channel = 0; channel < channels; channel++) sum += interleaved[i * channels + channel] as number
    return Math.round(sum / channels)
  })
}

function formatChunk({ tag, channels, rate, bits }: Format): Buffer {
  // All formats but PCM end with the length of an extension, here none.
  const body = Buffer.alloc(tag === PCM ? MIN_FORMAT_CHUNK : MIN_FORMAT_CHUNK + 2)
  const frameBytes = (channels * bits) / 8
  body.writeUInt16LE(tag, 0)
  body.writeUInt16LE(channels, 2)
  body.writeUInt32LE(rate, 4)
  body.writeUInt32LE(rate * frameBytes, 8)
  body.writeUInt16LE(frameBytes, 12)
  body.writeUInt16LE(bits, 14)
  return chunk('fmt ', body)
}

function chunk(id: string, body: Uint8Array): Buffer {
  const header = Buffer.alloc(CHUNK_HEADER)
  header.write(id, 'latin1')
  header.writeUInt32LE(body.length, 4)
  return Buffer.concat([header, body, Buffer.alloc(body.length % 2)])
}

function riff(...chunks: Buffer[]): Buffer {
  const body = Buffer.concat([Buffer.from('WAVE', 'latin1'), ...chunks])
  const header = Buffer.alloc(CHUNK_HEADER)
  header.write('RIFF', 'latin1')
  header.writeUInt32LE(body.length, 4)
  return Buffer.concat([header, body])
}
