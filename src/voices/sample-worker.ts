import { parentPort, workerData } from 'node:worker_threads'
import { type OpenFile, readWhole } from '../runtime/spool.ts'
import { type Judgement, judgeSample } from './judge-sample.ts'

/* Judges large samples in a thread of its own, one after the other: hashing and measuring ten of them takes a second. */

export type SamplesToJudge = { fileName: string; file: OpenFile }[]
export type Judgements = (Judgement | string)[]

async function judge(samples: SamplesToJudge): Promise<Judgements> {
  const judgements: Judgements = []
  for (const { fileName, file } of samples) judgements.push(await judgeSample(fileName, readWhole(file)))
  return judgements
}

parentPort?.postMessage(await judge(workerData as SamplesToJudge))
