import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 2_000
/** A database that is away for longer has lost more than one word; what is written is then compared with what is. */
const GIVE_UP_MS = 600_000

/**
 * Tries again, after pauses that grow to two seconds, until the database takes it. Rejects with the last error after ten
 * minutes. Nobody is kept from ending the process by it.
 */
export async function untilWritten<Result>(
  write: () => Promise<Result>,
  told: { log: Logger; what: object },
): Promise<Result> {
  const begunAt = performance.now()
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return await write()
    } catch (error) {
      if (performance.now() - begunAt > GIVE_UP_MS) throw error
      if (pauseMs === FIRST_PAUSE_MS)
        told.log.warn({ err: error, ...told.what }, 'a report could not be written; it is tried again')
      await sleep(pauseMs, undefined, { ref: false })
    }
  }
}
