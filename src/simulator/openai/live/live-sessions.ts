import type { WebSocket } from 'ws'
import { newId } from '../vendor-id.ts'
import { LiveEnd, type LiveEndOptions } from './live-end.ts'
import { type LiveRecord, newRecord } from './session-record.ts'

/** Sessions that are over beyond this number are forgotten, oldest first. */
const KEPT = 200

/** The vendor's sessions of its Live API. */
export class LiveSessions {
  /** By id, oldest first; those that are over too. */
  readonly records = new Map<string, LiveRecord>()
  readonly #open = new Map<string, LiveEnd>()

  get openIds(): string[] {
    return [...this.#open.keys()]
  }

  /** @throws Error when there is no such open session. */
  session(id: string): LiveEnd {
    const session = this.#open.get(id)
    if (session) return session
    throw new Error(`No open session ${id}; open: ${this.openIds.join(', ') || 'none'}.`)
  }

  admit(client: WebSocket, options: Omit<LiveEndOptions, 'record'>): void {
    const record = newRecord(newId('live'))
    this.#open.set(record.id, new LiveEnd(client, { ...options, record }))
    client.once('close', () => this.#open.delete(record.id))
    this.records.set(record.id, record)
    for (const { id, closeCode } of this.records.values()) {
      if (this.records.size <= KEPT) break
      if (closeCode !== null) this.records.delete(id)
    }
  }
}
