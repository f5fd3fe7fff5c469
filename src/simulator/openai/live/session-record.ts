import type { ClientEvent, SessionConfig } from './client-events.ts'

/** What the vendor has seen of a session, live or over. */
export type LiveRecord = {
  readonly id: string
  /** Null until the client has begun it. */
  config: SessionConfig | null
  /** What callers were heard to say, as it came; kept on request only. */
  readonly callerAudio: Buffer[]
  /** All that came from the client, besides audio. */
  readonly events: ClientEvent[]
  /** What was complained of, as `code: message`. */
  readonly errors: string[]
  closeCode: number | null
}

export const newRecord = (id: string): LiveRecord => ({
  id,
  config: null,
  callerAudio: [],
  events: [],
  errors: [],
  closeCode: null,
})
