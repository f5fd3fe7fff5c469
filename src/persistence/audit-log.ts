import { v7 as uuidv7 } from 'uuid'
import type { Database } from './database.ts'
import { sqlOf } from './sql.ts'

/** Something that an operator did, or is doing. */
export type AuditRecord = {
  id: string
  at: Date
  /** The key itself, a console session that was begun with it, or somebody with neither. */
  actor: 'key' | 'session' | 'nobody'
  session: string | null
  address: string
  action: string
  method: string
  path: string
  /** The names of what was sent along. */
  fields: string[]
  /** Of the answer; null while there is none. */
  status: number | null
}

export type AuditLog = {
  /** Resolves with the entry's id when it is kept. */
  begin(entry: Omit<AuditRecord, 'id' | 'at' | 'status'>): Promise<string>
  end(id: string, status: number): Promise<void>
  /** The newest first; only those before `before`. */
  list(page: { limit: number; before?: string }): Promise<AuditRecord[]>
}

/** The database's clock says when: those of the nodes may differ, and an entry of one would hide among those of another. */
export function createAuditLog(database: Database): AuditLog {
  const sql = sqlOf(database)
  return {
    async begin(entry) {
      const id = uuidv7()
      const { actor, session, address, action, method, path, fields } = entry
      await sql(
        `insert into audit_entry (id, at, actor, session, address, action, method, path, fields)
         values (?, date_trunc('milliseconds', clock_timestamp()), ?, ?, ?, ?, ?, ?, ?::jsonb)`,
        [id, actor, session, address, action, method, path, JSON.stringify(fields)],
      )
      return id
    },

    async end(id, status) {
      await sql('update audit_entry set status = ? where id = ?', [status, id])
    },

    async list({ limit, before }) {
      const from = before ? [before] : []
      const older = 'where (at, id) < (select b.at, b.id from audit_entry b where b.id = ?)'
      const entries = await sql<AuditRecord>(
        `select id, at, actor, session, address, action, method, path, fields, status from audit_entry
         ${before ? older : ''} order by at desc, id desc limit ?`,
        [...from, limit],
      )
      return entries.map((entry) => ({ ...entry, at: new Date(entry.at) }))
    },
  }
}
