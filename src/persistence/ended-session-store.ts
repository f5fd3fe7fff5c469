import type { Database } from './database.ts'
import { sqlOf } from './sql.ts'

/** Console sessions that were signed out, kept until they would have ended by themselves. */
export type EndedSessionStore = {
  end(id: string, expiresAt: Date): Promise<void>
  list(): Promise<string[]>
}

export function createEndedSessionStore(database: Database): EndedSessionStore {
  const sql = sqlOf(database)
  return {
    async end(id, expiresAt) {
      await sql('delete from ended_session where expires_at < now()')
      await sql('insert into ended_session (id, expires_at) values (?, ?) on conflict do nothing', [
        id,
        expiresAt,
      ])
    },
    list: async () =>
      (await sql<{ id: string }>('select id from ended_session where expires_at >= now()')).map(
        ({ id }) => id,
      ),
  }
}
