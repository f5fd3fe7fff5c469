import { createHash } from 'node:crypto'
import { inOwnThread } from '../runtime/own-thread.ts'
import type { Content, OpenFile } from '../runtime/spool.ts'
import { type Judgement, judgeSample } from './judge-sample.ts'
import type { VoiceSample } from './ports.ts'
import type { Judgements, SamplesToJudge } from './sample-worker.ts'

/** What a minute or two of speech needs. */
export const MAX_SAMPLES = 10
/** Nobody is heard in less. How good a clone a short sample makes is for the vendor to say, who refuses what is too short. */
const MIN_SECONDS = 0.1

/** An upload: a small one is in memory, a large one in a file. */
export type SampleFile = {
  fileName: string
  content: Content & { readonly inMemory: Buffer | null; readonly file: OpenFile | null }
}

/** A sample and what the libraries make of it, never more than one at a time. */
const judgeInThread = inOwnThread<SamplesToJudge, Judgements>(
  new URL('./sample-worker.ts', import.meta.url),
  { heapMb: 256 },
)

/**
 * Checks uploaded files by their bytes, not by what they call themselves.
 * Answers the samples with the type that they really have, or what is wrong, one sentence a fault.
 */
export async function checkSamples(
  files: SampleFile[],
): Promise<{ samples: VoiceSample[] } | { refused: string[] }> {
  const checked = await judgeAll(files)
  const judgements = checked.filter((judgement) => typeof judgement !== 'string')
  const refused = [...wrongNumber(files.length), ...checked.filter((fault) => typeof fault === 'string')]
  const faults = refused.length > 0 ? refused : tooShort(judgements)
  return faults.length > 0
    ? { refused: faults }
    : { samples: judgements.map((judgement, i) => sampleOf(files[i] as SampleFile, judgement)) }
}

async function judgeAll(files: SampleFile[]): Promise<Judgements> {
  const large = files.flatMap(({ fileName, content: { file } }) => (file ? [{ fileName, file }] : []))
  const ofLarge = large.length > 0 ? await judgeInThread(large) : []
  const judgements: Judgements = []
  for (const { fileName, content } of files) {
    const judgement = content.file ? ofLarge.shift() : null
    judgements.push(judgement ?? (await judgeSample(fileName, content.inMemory ?? Buffer.of())))
  }
  return judgements
}

const sampleOf = ({ fileName, content }: SampleFile, { mimeType, sha256 }: Judgement): VoiceSample => ({
  fileName,
  mimeType,
  sha256,
  size: content.size,
  pieces: () => content.pieces(),
})

/** A sample that does not say how long it is counts as long enough: the vendor will tell. */
function tooShort(samples: Judgement[]): string[] {
  const seconds = samples.reduce((sum, sample) => sum + (sample.seconds ?? MIN_SECONDS), 0)
  if (seconds >= MIN_SECONDS) return []
  const found = `they have ${seconds.toFixed(2)} s of sound together, and ${MIN_SECONDS} s is the least`
  return [`${found}: record a minute or two of clear speech`]
}

function wrongNumber(count: number): string[] {
  if (count === 0) return ['there is no file']
  return count > MAX_SAMPLES ? [`there are ${count} files, at most ${MAX_SAMPLES} are allowed`] : []
}

/** Names a set of samples by what is in them, whatever their names, order or repetition. */
export function sampleKeyOf(samples: Pick<VoiceSample, 'sha256'>[]): string {
  const hashes = [...new Set(samples.map((sample) => sample.sha256))].sort()
  return createHash('sha256').update(hashes.join('\n')).digest('hex')
}
