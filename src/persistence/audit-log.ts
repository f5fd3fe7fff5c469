import { v7 as uuidv7 } from 'uuid'
import type { Database } from './database.ts'
import { AuditEntry } from './entities/audit.entity.ts'

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

export function createAuditLog(database: Database): AuditLog {
  const em = () => database.em.fork()
  return {
    async begin(entry) {
      const id = uuidv7()
      await em().insert(AuditEntry, { id, at: new Date(), status: null, ...entry })
      return id
    },

    async end(id, status) {
      await em().nativeUpdate(AuditEntry, { id }, { status })
    },

    async list({ limit, before }) {
      const where = before ? { id: { $lt: before } } : {}
      const entries = await em().find(AuditEntry, where, { orderBy: { id: 'desc' }, limit })
      return entries.map(recordOf)
    },
  }
}

function recordOf(entry: AuditEntry): AuditRecord {
  const { id, at, actor, session, address, action, method, path, fields, status } = entry
  const written = { id, at, actor, address, action, method, path, fields }
  return { ...written, session: session ?? null, status: status ?? null }
}
