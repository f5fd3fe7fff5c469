import type { ClientEvent } from './client-events.ts'
import type { Item } from './conversation-items.ts'
import type { SessionSettings } from './session-settings.ts'

/** A cut of what the agent had said. */
type Truncation = { itemId: string; audioEndMs: number; beforeMs: number }

/** What the vendor has seen of a session, live or over. */
export type SessionRecord = {
  readonly id: string
  readonly model: string
  settings: SessionSettings
  /** As they are now. */
  items: readonly Item[]
  /** What callers were heard to say, as it came; kept on request only. */
  readonly callerAudio: Buffer[]
  callerAudioMs: number
  /** By the item that it speaks, in milliseconds: as much as has been sent. */
  readonly sentMs: Map<string, number>
  readonly truncations: Truncation[]
  readonly deletions: Truncation[]
  /** What was complained of, as `code: message`. */
  readonly errors: string[]
  /** All that came from the client, besides audio. */
  readonly events: ClientEvent[]
  closeCode: number | null
}

export const newRecord = (id: string, model: string, settings: SessionSettings): SessionRecord => ({
  id,
  model,
  settings,
  items: [],
  callerAudio: [],
  callerAudioMs: 0,
  sentMs: new Map(),
  truncations: [],
  deletions: [],
  errors: [],
  events: [],
  closeCode: null,
})
