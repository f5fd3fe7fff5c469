import { Readable } from 'node:stream'
import type { KeptAudio } from '../../src/persistence/conversation-store.ts'

/** A recording as the store gives it out. */
export const keptAudio = (bytes: Buffer | null | undefined): KeptAudio | null =>
  bytes ? { bytes: bytes.length, chunks: Readable.from([bytes]) } : null
