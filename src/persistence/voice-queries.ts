import type { CallerVoice, Clone } from '../voices/ports.ts'
import type { Database } from './database.ts'
import { tablesOf } from './tables.ts'

export type ListedVoice = CallerVoice & {
  clone: Pick<Clone, 'status' | 'vendorVoiceId' | 'failure' | 'readyAt' | 'expiresAt'> | null
}

export type VoiceQueries = {
  /** In the order of caller ids; only those after `after`, and with these characters in id or name. */
  list(filter: { search?: string }, page: { limit: number; after?: string }): Promise<ListedVoice[]>
}

/** Reads for people who look at callers' voices. */
export function createVoiceQueries(database: Database): VoiceQueries {
  const tables = tablesOf(database)
  return {
    async list({ search = '' }, { limit, after = '' }) {
      const pattern = `%${search.replace(/[\\%_]/g, '\\$&')}%`
      const rows = await tables
        .selectFrom('caller_voice_mapping as m')
        .leftJoin('voice_clone_cache as v', 'v.sample_key', 'm.sample_key')
        .select(['m.caller_id as callerId', 'm.name', 'm.sample_key as sampleKey', 'm.trust'])
        .select(['m.consent_by as consentBy', 'm.consent_at as consentAt'])
        .select(['m.created_at as createdAt', 'm.updated_at as updatedAt'])
        .select(['v.status', 'v.vendor_voice_id as vendorVoiceId', 'v.failure'])
        .select(['v.ready_at as readyAt', 'v.expires_at as expiresAt'])
        .where('m.caller_id', '>', after)
        .where(({ or, eb }) => or([eb('m.caller_id', 'ilike', pattern), eb('m.name', 'ilike', pattern)]))
        .orderBy('m.caller_id')
        .limit(limit)
        .execute()
      return rows.map(voiceOf)
    },
  }
}

type Optional<Fields> = { [Field in keyof Fields]?: Fields[Field] | null }

/** Of a clone that is not there everything is null. */
type Row = Omit<CallerVoice, 'consent' | 'trust'> & { consentBy: string; consentAt: Date } & Optional<
    Pick<CallerVoice, 'trust'> & NonNullable<ListedVoice['clone']>
  >

function voiceOf(row: Row): ListedVoice {
  const { callerId, name, sampleKey, trust = null, status, vendorVoiceId = null, failure = null } = row
  const date = (value: Date | null | undefined) => (value ? new Date(value) : null)
  return {
    callerId,
    name,
    sampleKey,
    trust,
    consent: { by: row.consentBy, at: new Date(row.consentAt) },
    createdAt: new Date(row.createdAt),
    updatedAt: new Date(row.updatedAt),
    clone: status
      ? { status, vendorVoiceId, failure, readyAt: date(row.readyAt), expiresAt: date(row.expiresAt) }
      : null,
  }
}
