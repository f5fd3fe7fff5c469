import { writeFileSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { type OpenFile, readWhole } from '../../runtime/spool.ts'
import { readReport } from './post-call.ts'

/*
 * Reads one large report in a thread of its own: parsing tens of megabytes takes a second, in which callers would hear
 * nothing. What is to be kept goes into a file, for the way back costs the other thread a copy.
 */

/** `payload` is the descriptor of an empty file. */
export type ReportFiles = { body: OpenFile; payload: number }

/** What was read; the data of a report are in the file, so many bytes. */
export type ReadLargeReport =
  | {
      kind: 'report'
      conversationId: string
      part: 'transcription' | 'failure' | 'audio'
      bytes: number
    }
  | { kind: 'ignored' }
  | { kind: 'malformed'; why: string }

function read({ body, payload }: ReportFiles): ReadLargeReport {
  const delivery = readReport(readWhole(body))
  if (delivery.kind !== 'report') return delivery
  const { conversationId, kind, data } = delivery.part
  const bytes = kind === 'audio' ? data : Buffer.from(JSON.stringify(data))
  writeFileSync(payload, bytes)
  return { kind: 'report', conversationId, part: kind, bytes: bytes.length }
}

parentPort?.postMessage(read(workerData as ReportFiles))
