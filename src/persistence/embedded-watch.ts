import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import { Backoff } from '../runtime/backoff.ts'
import type { EmbeddedPostgres } from './embedded-postgres.ts'

const LOOK_EVERY_MS = 1_000
/** A disk that is full or a memory that is short may have room again. */
const LONGEST_PAUSE_MS = 30_000

/**
 * Starts the embedded server again when its process is gone (killed for want of memory, say), at the same address: all
 * connections find it there. `stop` resolves when nothing is looked at any more; call it before the server is stopped.
 */
export function watchEmbedded(
  server: EmbeddedPostgres,
  log: Logger,
  lookEveryMs = LOOK_EVERY_MS,
): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const { signal } = stopping
  const watching = watch().catch((error: unknown) => {
    if (!signal.aborted) log.error({ err: error }, 'the embedded PostgreSQL is not watched any more')
  })
  return {
    async stop() {
      stopping.abort()
      await watching
    },
  }

  async function watch(): Promise<void> {
    for (;;) {
      await pause(lookEveryMs, null, { signal, ref: false })
      if (!(await server.isRunning())) await startAgain()
    }
  }

  async function startAgain(): Promise<void> {
    log.error('the embedded PostgreSQL is gone and is started again')
    const backoff = new Backoff({ firstMs: lookEveryMs, longestMs: LONGEST_PAUSE_MS })
    while (!signal.aborted) {
      try {
        await server.startAgain()
        log.warn('the embedded PostgreSQL runs again')
        return
      } catch (error) {
        const againInMs = backoff.next()
        log.error({ err: error, againInMs }, 'the embedded PostgreSQL could not be started again')
        await pause(againInMs, null, { signal, ref: false })
      }
    }
  }
}
