import { createHash } from 'node:crypto'
import type { VoiceSample } from './ports.ts'
import { type SampleFormat, secondsOf } from './sample-length.ts'

/** What the vendor takes, and what a minute or two of speech needs. */
export const MAX_SAMPLE_BYTES = 10 * 1024 * 1024
export const MAX_SAMPLES = 10
/** Nobody is heard in less. How good a clone a short sample makes is for the vendor to say, who refuses what is too short. */
const MIN_SECONDS = 0.1

export type SampleFile = { fileName: string; mimeType: string; bytes: Buffer }

type SampleType = { name: SampleFormat; mimeType: string; endings: readonly string[] }

const TYPES: (SampleType & { isType: (bytes: Buffer) => boolean })[] = [
  {
    name: 'wav',
    mimeType: 'audio/wav',
    endings: ['wav', 'wave'],
    isType: (bytes) => ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 12) === 'WAVE',
  },
  {
    name: 'ogg',
    mimeType: 'audio/ogg',
    endings: ['ogg', 'oga', 'opus'],
    isType: (bytes) => ascii(bytes, 0, 4) === 'OggS',
  },
  {
    name: 'flac',
    mimeType: 'audio/flac',
    endings: ['flac'],
    isType: (bytes) => ascii(bytes, 0, 4) === 'fLaC',
  },
  {
    name: 'mp3',
    mimeType: 'audio/mpeg',
    endings: ['mp3'],
    // An ID3 tag, or a frame's sync word with MPEG layer III (ISO 11172-3, section 2.4.1.3).
    isType: (bytes) =>
      ascii(bytes, 0, 3) === 'ID3' || (bytes[0] === 0xff && ((bytes[1] ?? 0) & 0xe6) === 0xe2),
  },
]

/**
 * Checks uploaded files by their bytes, not by what they call themselves.
 * Answers the samples with the type that they really have, or what is wrong, one sentence a fault.
 */
export function checkSamples(files: SampleFile[]): { samples: VoiceSample[] } | { refused: string[] } {
  const checked = files.map((file) => checkSample(file))
  const samples = checked.filter((sample) => typeof sample !== 'string')
  const refused = [...wrongNumber(files.length), ...checked.filter((fault) => typeof fault === 'string')]
  const faults = refused.length > 0 ? refused : tooShort(samples)
  return faults.length > 0
    ? { refused: faults }
    : { samples: samples.map(({ seconds: _, ...sample }) => sample) }
}

/** A sample that does not say how long it is counts as long enough: the vendor will tell. */
function tooShort(samples: { seconds: number | null }[]): string[] {
  const seconds = samples.reduce((sum, sample) => sum + (sample.seconds ?? MIN_SECONDS), 0)
  if (seconds >= MIN_SECONDS) return []
  const found = `they have ${seconds.toFixed(2)} s of sound together, and ${MIN_SECONDS} s is the least`
  return [`${found}: record a minute or two of clear speech`]
}

function wrongNumber(count: number): string[] {
  if (count === 0) return ['there is no file']
  return count > MAX_SAMPLES ? [`there are ${count} files, at most ${MAX_SAMPLES} are allowed`] : []
}

type MeasuredSample = VoiceSample & { seconds: number | null }

function checkSample({ fileName, bytes }: SampleFile): MeasuredSample | string {
  if (bytes.length === 0) return `${fileName} is empty`
  if (bytes.length > MAX_SAMPLE_BYTES)
    return `${fileName} is larger than ${MAX_SAMPLE_BYTES / 1024 / 1024} MB`
  const type = TYPES.find(({ isType }) => isType(bytes))
  if (!type) return `${fileName} is neither wav, mp3, ogg nor flac by its content`
  const ending = /\.(\w+)$/.exec(fileName)?.[1]?.toLowerCase()
  if (ending && !type.endings.includes(ending))
    return `${fileName} is called .${ending} and is ${type.name} by its content`
  const seconds = secondsOf(type.name, bytes)
  return { fileName, mimeType: type.mimeType, bytes, sha256: sha256(bytes), seconds }
}

/** Names a set of samples by what is in them, whatever their names, order or repetition. */
export function sampleKeyOf(samples: Pick<VoiceSample, 'sha256'>[]): string {
  const hashes = [...new Set(samples.map((sample) => sample.sha256))].sort()
  return sha256(Buffer.from(hashes.join('\n')))
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
const ascii = (bytes: Buffer, from: number, to: number) => bytes.toString('latin1', from, to)
