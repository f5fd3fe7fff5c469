import type { CallerVoice, Clone } from '../voices/ports.ts'
import type { Database } from './database.ts'
import { sqlOf } from './sql.ts'

export type ListedVoice = CallerVoice & {
  clone: Pick<Clone, 'status' | 'vendorVoiceId' | 'failure' | 'readyAt' | 'expiresAt'> | null
}

export type VoiceQueries = {
  /** In the order of caller ids; only those after `after`, and with these characters in id or name. */
  list(filter: { search?: string }, page: { limit: number; after?: string }): Promise<ListedVoice[]>
}

type Row = Omit<CallerVoice, 'consent'> &
  NonNullable<ListedVoice['clone']> & { consentBy: string; consentAt: Date; hasClone: boolean }

/** Reads for people who look at callers' voices. */
export function createVoiceQueries(database: Database): VoiceQueries {
  const sql = sqlOf(database)
  return {
    async list({ search = '' }, { limit, after = '' }) {
      const pattern = `%${search.replace(/[\\%_]/g, '\\$&')}%`
      const rows = await sql<Row>(
        `select m.caller_id as "callerId", m.name, m.sample_key as "sampleKey", m.consent_by as "consentBy",
           m.consent_at as "consentAt", m.trust, m.created_at as "createdAt", m.updated_at as "updatedAt",
           v.sample_key is not null as "hasClone", v.status, v.vendor_voice_id as "vendorVoiceId", v.failure,
           v.ready_at as "readyAt", v.expires_at as "expiresAt"
         from caller_voice_mapping m left join voice_clone_cache v on v.sample_key = m.sample_key
         where m.caller_id > ? and (m.caller_id ilike ? or m.name ilike ?) order by m.caller_id limit ?`,
        [after, pattern, pattern, limit],
      )
      return rows.map(voiceOf)
    },
  }
}

function voiceOf(row: Row): ListedVoice {
  const { callerId, name, sampleKey, trust, status, vendorVoiceId, failure } = row
  const date = (value: Date | null) => value && new Date(value)
  return {
    ...{ callerId, name, sampleKey, trust, consent: { by: row.consentBy, at: new Date(row.consentAt) } },
    ...{ createdAt: new Date(row.createdAt), updatedAt: new Date(row.updatedAt) },
    clone: row.hasClone
      ? { status, vendorVoiceId, failure, readyAt: date(row.readyAt), expiresAt: date(row.expiresAt) }
      : null,
  }
}
