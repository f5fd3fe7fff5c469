import type { Consent } from '../../voices/ports.ts'

const DATE = /\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?/

/** Clocks of clients go wrong by this much; a consent of later than that has not been given yet. */
const CLOCK_SKEW_MS = 86_400_000

/**
 * Reads who agreed and when, from text such as `Ann Example, 2026-11-20` or from JSON such as
 * `{"by": "Ann Example", "at": "2026-11-20T10:00:00Z"}`; null when either is missing or the day is yet to come.
 */
export function readConsent(written: string, now = Date.now()): Consent | null {
  const parts = partsOf(written)
  const at = parts.map((part) => DATE.exec(part)?.[0]).find((date) => date !== undefined)
  const by = parts.map(withoutDate).find((name) => /\p{L}/u.test(name))
  const time = new Date(at ?? Number.NaN)
  if (!by || !(time.getTime() <= now + CLOCK_SKEW_MS)) return null
  return { by, at: time }
}

function partsOf(written: string): string[] {
  try {
    const parsed: unknown = JSON.parse(written)
    if (typeof parsed !== 'object' || parsed === null) return []
    return Object.values(parsed).filter((value) => typeof value === 'string')
  } catch {
    return [written]
  }
}

const SEPARATOR = /[\s,;:@-]/

function withoutDate(part: string): string {
  const letters = [...part.replace(DATE, '')]
  const isText = (letter: string) => !SEPARATOR.test(letter)
  return letters.slice(letters.findIndex(isText), letters.findLastIndex(isText) + 1).join('')
}
