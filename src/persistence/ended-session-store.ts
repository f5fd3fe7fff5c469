import { sql } from 'kysely'
import type { Database } from './database.ts'
import { tablesOf } from './tables.ts'

/** Console sessions that were signed out, kept until they would have ended by themselves. */
export type EndedSessionStore = {
  end(id: string, expiresAt: Date): Promise<void>
  list(): Promise<string[]>
}

export function createEndedSessionStore(database: Database): EndedSessionStore {
  const tables = tablesOf(database)
  return {
    async end(id, expiresAt) {
      await tables.deleteFrom('ended_session').where('expires_at', '<', NOW).execute()
      const ended = { id, expires_at: expiresAt }
      await tables
        .insertInto('ended_session')
        .values(ended)
        .onConflict((known) => known.doNothing())
        .execute()
    },
    async list() {
      const ended = tables.selectFrom('ended_session').select('id').where('expires_at', '>=', NOW)
      return (await ended.execute()).map(({ id }) => id)
    },
  }
}

const NOW = sql<Date>`now()`
