import { sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import type { Database } from './database.ts'
import { tablesOf } from './tables.ts'

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
  const tables = tablesOf(database)
  return {
    async begin(entry) {
      const id = uuidv7()
      const { fields, ...rest } = entry
      const values = { ...rest, id, at: MOMENT, fields: JSON.stringify(fields) as unknown as string[] }
      await tables.insertInto('audit_entry').values(values).execute()
      return id
    },

    async end(id, status) {
      await tables.updateTable('audit_entry').set({ status }).where('id', '=', id).execute()
    },

    async list({ limit, before }) {
      const page = tables
        .selectFrom('audit_entry')
        .select(['id', 'at', 'actor', 'session', 'address', 'action', 'method', 'path', 'fields', 'status'])
        .orderBy('at', 'desc')
        .orderBy('id', 'desc')
        .limit(limit)
      const entries = await (before ? page.where(isOlderThan(before)) : page).execute()
      return entries.map((entry) => ({
        ...entry,
        at: new Date(entry.at),
        session: entry.session ?? null,
        status: entry.status ?? null,
      }))
    },
  }
}

const isOlderThan = (id: string) =>
  sql<boolean>`(at, id) < (select b.at, b.id from audit_entry b where b.id = ${id})`

const MOMENT = sql<Date>`date_trunc('milliseconds', clock_timestamp())`
