import { createHash } from 'node:crypto'
import { firstFrame, type SampleFormat, secondsOf } from './sample-length.ts'

/** What the vendor takes of one file. */
export const MAX_SAMPLE_BYTES = 10 * 1024 * 1024

/** What a sample is by its content; `seconds` is null when it does not say. */
export type Judgement = { mimeType: string; sha256: string; seconds: number | null }

type SampleType = { name: SampleFormat; mimeType: string; isType: (bytes: Buffer) => boolean }

/** Known by their content alone: people and programs call files what they like. */
const TYPES: SampleType[] = [
  {
    name: 'wav',
    mimeType: 'audio/wav',
    // RF64 and BW64 are WAV that may be longer than 4 GB, as long recorders write it (EBU Tech 3306, ITU-R BS.2088).
    isType: (bytes) =>
      ['RIFF', 'RF64', 'BW64'].includes(ascii(bytes, 0, 4)) && ascii(bytes, 8, 12) === 'WAVE',
  },
  { name: 'ogg', mimeType: 'audio/ogg', isType: (bytes) => ascii(bytes, 0, 4) === 'OggS' },
  { name: 'flac', mimeType: 'audio/flac', isType: (bytes) => ascii(bytes, 0, 4) === 'fLaC' },
  // ISO 14496-12, section 4.3: phones record so.
  { name: 'm4a', mimeType: 'audio/mp4', isType: (bytes) => ascii(bytes, 4, 8) === 'ftyp' },
  // EBML (RFC 8794, section 11.2.1): browsers record so.
  { name: 'webm', mimeType: 'audio/webm', isType: (bytes) => bytes.toString('hex', 0, 4) === '1a45dfa3' },
  // ADTS (ISO 13818-7): a sync word with layer 0.
  {
    name: 'aac',
    mimeType: 'audio/aac',
    isType: (bytes) => bytes[0] === 0xff && ((bytes[1] ?? 0) & 0xf6) === 0xf0,
  },
  {
    name: 'mp3',
    mimeType: 'audio/mpeg',
    isType: (bytes) => ascii(bytes, 0, 3) === 'ID3' || firstFrame(bytes) !== null,
  },
]

const SAMPLE_FORMATS = 'wav, mp3, ogg, flac, m4a, webm or aac'

/** Judges a sample by its bytes, not by what it calls itself: what it is, or what is wrong with it in one sentence. */
export async function judgeSample(fileName: string, bytes: Buffer): Promise<Judgement | string> {
  if (bytes.length === 0) return `${fileName} is empty`
  if (bytes.length > MAX_SAMPLE_BYTES)
    return `${fileName} is larger than ${MAX_SAMPLE_BYTES / 1024 / 1024} MB`
  const type = TYPES.find(({ isType }) => isType(bytes))
  if (!type) return `${fileName} is not ${SAMPLE_FORMATS} by its content: convert it to wav or mp3`
  const seconds = await secondsOf(type, bytes)
  if (seconds === 0) return `${fileName} is ${type.name} without any sound in it: record it again`
  return { mimeType: type.mimeType, sha256: sha256(bytes), seconds }
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
const ascii = (bytes: Buffer, from: number, to: number) => bytes.toString('latin1', from, to)
