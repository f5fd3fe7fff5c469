import type { CallerVoice, Clone, VoiceSample, VoiceStore } from '../voices/ports.ts'
import type { Database } from './database.ts'
import {
  CallerVoiceMapping,
  VoiceCloneCache,
  VoiceCloneLog,
  VoiceSampleFile,
} from './entities/voice.entity.ts'
import { inTransaction, type Sql, sqlIn, sqlOf } from './sql.ts'
import { expireVoice, removeVoiceLater, searchStrays, takeBackRemoval } from './voice-schedule.ts'

/** Keeps callers' voices, the samples they are made of, and the clones at the vendor. */
export function createVoiceStore(database: Database): VoiceStore {
  const sql = sqlOf(database)
  const em = () => database.em.fork()
  /** Two editors at once would miss that the other has come to share, or given up, the same samples. */
  const editing = <Result>(edit: (tx: Transaction, run: Sql) => Promise<Result>) =>
    em().transactional(async (tx) => {
      const run = sqlIn(tx)
      await run('lock table caller_voice_mapping in share row exclusive mode')
      return edit(tx, run)
    })

  return {
    save: ({ callerId, name, consent, sampleKey, samples }) =>
      editing(async (tx, run) => {
        const before = await tx.findOne(CallerVoiceMapping, { callerId })
        await tx.upsertMany(
          VoiceSampleFile,
          samples.map((sample) => ({ ...sample, sampleKey })),
          { onConflictAction: 'ignore', onConflictFields: ['sampleKey', 'sha256'] },
        )
        const now = new Date()
        const mapping = {
          ...{ callerId, name, sampleKey, consentBy: consent.by, consentAt: consent.at },
          ...{ createdAt: before?.createdAt ?? now, updatedAt: now },
        }
        const forgotten = before && before.sampleKey !== sampleKey ? before.sampleKey : null
        await tx.upsert(CallerVoiceMapping, mapping)
        return {
          voice: callerVoice(mapping),
          forgotten: forgotten === null ? null : await forgetUnused(tx, run, forgotten),
        }
      }),

    async find(callerId) {
      const row = await em().findOne(CallerVoiceMapping, { callerId })
      return row && callerVoice(row)
    },

    remove: (callerId) =>
      editing(async (tx, run) => {
        const row = await tx.findOne(CallerVoiceMapping, { callerId })
        if (!row) return null
        await tx.nativeDelete(CallerVoiceMapping, { callerId })
        return { forgotten: await forgetUnused(tx, run, row.sampleKey) }
      }),

    async samples(sampleKey): Promise<VoiceSample[]> {
      const rows = await em().find(VoiceSampleFile, { sampleKey }, { orderBy: { sha256: 'asc' } })
      return rows.map(({ fileName, mimeType, bytes, sha256 }) => ({
        ...{ fileName, mimeType, sha256 },
        bytes: Buffer.from(bytes),
      }))
    },

    async clone(sampleKey) {
      const row = await em().findOne(VoiceCloneCache, { sampleKey })
      return row && cloneOf(row)
    },

    beginClone: (sampleKey) =>
      inTransaction(database, async (tx) => {
        const [row] = await tx<CloneRow>(
          `insert into voice_clone_cache as v (sample_key, status, requested_at) values (?, 'cloning', ?)
           on conflict (sample_key) do update set
             requested_at = case v.status when 'cloning' then v.requested_at else excluded.requested_at end,
             status = 'cloning', vendor_voice_id = null, failure = null, ready_at = null, expires_at = null,
             last_used_at = null
           returning ${CLONE}`,
          [sampleKey, new Date()],
        )
        if (!row) throw new Error('The row of a clone was neither made nor found.')
        const clone = revive(row)
        await searchStrays(tx, clone)
        return clone
      }),

    markReady: (sampleKey, vendorVoiceId, expiresAt) =>
      inTransaction(database, async (tx) => {
        const marked = await tx(
          `update voice_clone_cache set status = 'ready', vendor_voice_id = ?, failure = null, ready_at = now(),
             last_used_at = now(), expires_at = ? where sample_key = ? returning sample_key`,
          [vendorVoiceId, expiresAt, sampleKey],
        )
        if (marked.length === 0) {
          await removeVoiceLater(tx, vendorVoiceId)
          return false
        }
        await expireVoice(tx, sampleKey, vendorVoiceId, expiresAt)
        return true
      }),

    scheduleExpiry: (sampleKey, vendorVoiceId, at) => expireVoice(sql, sampleKey, vendorVoiceId, at),

    async markFailed(sampleKey, failure) {
      await em().nativeUpdate(VoiceCloneCache, { sampleKey }, { status: 'failed', failure })
    },

    scheduleStraySearch: (clone) => searchStrays(sql, clone),

    forgetClone: (sampleKey) => inTransaction(database, (tx) => forget(tx, 'sample_key = ?', [sampleKey])),

    // A row that another node is about to forget is skipped: two that need room make it twice.
    forgetLeastRecentlyUsed: () =>
      inTransaction(database, (tx) =>
        forget(
          tx,
          `sample_key = (
             select v.sample_key from voice_clone_cache v where v.status = 'ready' and not exists (
               select 1 from call_log c where c.sample_key = v.sample_key and c.ended_at is null
             ) order by v.last_used_at nulls first limit 1 for update skip locked)`,
        ),
      ),

    removalDone: (vendorVoiceId) => takeBackRemoval(sql, vendorVoiceId),

    async readyClones() {
      return (await em().find(VoiceCloneCache, { status: 'ready' })).map(cloneOf)
    },

    async isInUse(vendorVoiceId) {
      const live = await sql('select 1 from call_log where voice_id = ? and ended_at is null limit 1', [
        vendorVoiceId,
      ])
      return live.length > 0
    },

    async log({ sampleKey, result, vendorVoiceId, durationMs, detail }) {
      await em().insert(VoiceCloneLog, {
        ...{
          sampleKey,
          result,
          vendorVoiceId: vendorVoiceId ?? null,
          detail: detail ?? null,
          at: new Date(),
        },
        durationMs: durationMs === undefined ? null : Math.round(durationMs),
      })
    },
  }
}

type Transaction = ReturnType<Database['em']['fork']>

/** Samples that nobody is mapped to any more, and the clone that was made of them. */
async function forgetUnused(tx: Transaction, run: Sql, sampleKey: string): Promise<Clone | null> {
  if ((await tx.count(CallerVoiceMapping, { sampleKey })) > 0) return null
  await tx.nativeDelete(VoiceSampleFile, { sampleKey })
  return forget(run, 'sample_key = ?', [sampleKey])
}

async function forget(tx: Sql, which: string, params: unknown[] = []): Promise<Clone | null> {
  const [row] = await tx<CloneRow>(`delete from voice_clone_cache where ${which} returning ${CLONE}`, params)
  if (row?.vendorVoiceId) await removeVoiceLater(tx, row.vendorVoiceId)
  return row ? revive(row) : null
}

const CLONE = `sample_key as "sampleKey", status, vendor_voice_id as "vendorVoiceId", failure,
  requested_at as "requestedAt", ready_at as "readyAt", expires_at as "expiresAt", last_used_at as "lastUsedAt"`

type DateColumn = 'requestedAt' | 'readyAt' | 'expiresAt' | 'lastUsedAt'

/** As raw SQL gives it: dates are text. */
type CloneRow = Omit<Clone, DateColumn> & Record<DateColumn, string | null>

function revive(row: CloneRow): Clone {
  const date = (value: string | null) => (value === null ? null : new Date(value))
  return {
    ...row,
    requestedAt: new Date(row.requestedAt ?? 0),
    readyAt: date(row.readyAt),
    expiresAt: date(row.expiresAt),
    lastUsedAt: date(row.lastUsedAt),
  }
}

function cloneOf(row: VoiceCloneCache): Clone {
  const { sampleKey, status, vendorVoiceId, failure, requestedAt, readyAt, expiresAt, lastUsedAt } = row
  return {
    ...{ sampleKey, status, requestedAt },
    vendorVoiceId: vendorVoiceId ?? null,
    failure: failure ?? null,
    readyAt: readyAt ?? null,
    expiresAt: expiresAt ?? null,
    lastUsedAt: lastUsedAt ?? null,
  }
}

function callerVoice(row: Omit<CallerVoiceMapping, symbol>): CallerVoice {
  const { callerId, name, sampleKey, consentBy, consentAt, createdAt, updatedAt } = row
  return { callerId, name, sampleKey, consent: { by: consentBy, at: consentAt }, createdAt, updatedAt }
}
