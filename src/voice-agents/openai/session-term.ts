import type { OpenAiLoss } from './errors.ts'

/** How long the vendor still lets a session last. */
export type SessionTerm = { sessionId: string; lastsMs: number }

/** Why a session is over that was not closed from here. */
export type SessionEnd = { kind: 'closed' } | ({ kind: 'lost' } & OpenAiLoss)

/** Nothing is called before the constructor has returned, `opened` once at most, `over` once and last; none after `close`. */
export interface SessionListener<Message> {
  opened(term: SessionTerm): void
  message(message: Message): void
  over(end: SessionEnd): void
}

/** As long as every session lasts, where the vendor does not say otherwise in a way that can be. */
const SESSION_MS = 3_600_000

/** `expiresAt` in seconds since 1970, by the vendor's clock. */
export function termOf(sessionId: string, expiresAt: number | null): SessionTerm {
  const leftMs = (expiresAt ?? 0) * 1000 - Date.now()
  return { sessionId, lastsMs: leftMs > 0 && leftMs < 24 * SESSION_MS ? leftMs : SESSION_MS }
}
