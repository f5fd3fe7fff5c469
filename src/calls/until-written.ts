import type { Logger } from 'pino'
import { retrying } from '../runtime/backoff.ts'

const PAUSES = { firstMs: 250, longestMs: 2_000 }
/** A database that is away for longer has lost more than one word; what is written is then compared with what is. */
const GIVE_UP_MS = 600_000

/**
 * Tries again, after pauses that grow to two seconds, until the database takes it. Rejects with the last error after ten
 * minutes. Nobody is kept from ending the process by it.
 */
export function untilWritten<Result>(
  write: () => Promise<Result>,
  told: { log: Logger; what: object },
): Promise<Result> {
  return retrying(write, {
    ...PAUSES,
    giveUpAfterMs: GIVE_UP_MS,
    onFailed: (error, attempt) => {
      if (attempt === 1)
        told.log.warn({ err: error, ...told.what }, 'a report could not be written; it is tried again')
    },
  })
}
