import type { CallerVoice, Clone, VoiceSample, VoiceStore } from '../voices/ports.ts'
import type { Database } from './database.ts'
import {
  CallerVoiceMapping,
  VoiceCloneCache,
  VoiceCloneLog,
  VoiceSampleFile,
} from './entities/voice.entity.ts'
import { inTransaction, type Sql, sqlOf } from './sql.ts'

/** A vendor that is down for a while must not make us forget to delete a voice there. */
const REMOVAL_ATTEMPTS = 25

/** Keeps callers' voices, the samples they are made of, and the clones at the vendor. */
export function createVoiceStore(database: Database): VoiceStore {
  const sql = sqlOf(database)
  const em = () => database.em.fork()

  return {
    async save({ callerId, name, consent, sampleKey, samples }) {
      await em().transactional(async (tx) => {
        const before = await tx.findOne(CallerVoiceMapping, { callerId })
        await tx.upsertMany(
          VoiceSampleFile,
          samples.map((sample) => ({ ...sample, sampleKey })),
          { onConflictAction: 'ignore', onConflictFields: ['sampleKey', 'sha256'] },
        )
        await tx.upsert(CallerVoiceMapping, {
          ...{ callerId, name, sampleKey, consentBy: consent.by, consentAt: consent.at },
          createdAt: before?.createdAt ?? new Date(),
          updatedAt: new Date(),
        })
        if (before && before.sampleKey !== sampleKey)
          await removeUnusedSamples(tx, before.sampleKey, callerId)
      })
      const saved = await this.find(callerId)
      if (!saved) throw new Error('A voice that was just saved is gone again.')
      return saved
    },

    async find(callerId) {
      const row = await em().findOne(CallerVoiceMapping, { callerId })
      return row && callerVoice(row)
    },

    remove: (callerId) =>
      em().transactional(async (tx) => {
        const row = await tx.findOne(CallerVoiceMapping, { callerId })
        if (!row) return false
        await tx.nativeDelete(CallerVoiceMapping, { callerId })
        await removeUnusedSamples(tx, row.sampleKey, callerId)
        return true
      }),

    countCallers: (sampleKey) => em().count(CallerVoiceMapping, { sampleKey }),

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

    async markCloning(sampleKey) {
      await em().upsert(VoiceCloneCache, {
        ...{ sampleKey, status: 'cloning', vendorVoiceId: null, failure: null, requestedAt: new Date() },
        ...{ readyAt: null, expiresAt: null, lastUsedAt: null },
      })
    },

    markReady: (sampleKey, vendorVoiceId, expiresAt) =>
      inTransaction(database, async (tx) => {
        const marked = await tx(
          `update voice_clone_cache set status = 'ready', vendor_voice_id = ?, failure = null, ready_at = now(),
             last_used_at = now(), expires_at = ? where sample_key = ? returning sample_key`,
          [vendorVoiceId, expiresAt, sampleKey],
        )
        if (marked.length === 0) return false
        await expireAt(tx, sampleKey, vendorVoiceId, expiresAt)
        return true
      }),

    scheduleExpiry: (sampleKey, vendorVoiceId, at) => expireAt(sql, sampleKey, vendorVoiceId, at),

    async markFailed(sampleKey, failure) {
      await em().nativeUpdate(VoiceCloneCache, { sampleKey }, { status: 'failed', failure })
    },

    forgetClone: (sampleKey) =>
      inTransaction(database, async (tx) => {
        const [row] = await tx<CloneRow>(
          `delete from voice_clone_cache where sample_key = ? returning ${CLONE}`,
          [sampleKey],
        )
        if (row?.vendorVoiceId) await removeAtVendor(tx, row.vendorVoiceId)
        return row ? revive(row) : null
      }),

    async removalDone(vendorVoiceId) {
      await sql('select graphile_worker.remove_job(?)', [`remove:${vendorVoiceId}`])
    },

    async leastRecentlyUsed() {
      const [row] = await sql<CloneRow>(
        `select ${CLONE} from voice_clone_cache v where status = 'ready' and not exists (
           select 1 from call_log c where c.sample_key = v.sample_key and c.ended_at is null
         ) order by last_used_at nulls first limit 1`,
      )
      return row ? revive(row) : null
    },

    async readyClones() {
      return (await em().find(VoiceCloneCache, { status: 'ready' })).map(cloneOf)
    },

    async isInUse(sampleKey) {
      const live = await sql('select 1 from call_log where sample_key = ? and ended_at is null limit 1', [
        sampleKey,
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

async function removeUnusedSamples(tx: Transaction, sampleKey: string, exceptCaller: string): Promise<void> {
  const users = await tx.count(CallerVoiceMapping, { sampleKey, callerId: { $ne: exceptCaller } })
  if (users === 0) await tx.nativeDelete(VoiceSampleFile, { sampleKey })
}

/** In the queue of its samples' clone jobs, so that a voice is never made and ended at the same time. */
async function expireAt(tx: Sql, sampleKey: string, vendorVoiceId: string, at: Date): Promise<void> {
  await tx(
    `select graphile_worker.add_job('expire-voice', json_build_object('sampleKey', ?::text, 'vendorVoiceId', ?::text),
       run_at => ?::timestamptz, job_key => ?, queue_name => ?, max_attempts => ?)`,
    [sampleKey, vendorVoiceId, at, `expire:${vendorVoiceId}`, `clone:${sampleKey}`, REMOVAL_ATTEMPTS],
  )
}

/** The safety net under whoever forgets a clone and deletes the vendor's copy at once. */
const removeAtVendor = (tx: Sql, vendorVoiceId: string) =>
  tx(
    `select graphile_worker.add_job('remove-vendor-voice', json_build_object('vendorVoiceId', ?::text),
       run_at => now() + interval '15 seconds', job_key => ?, max_attempts => ?)`,
    [vendorVoiceId, `remove:${vendorVoiceId}`, REMOVAL_ATTEMPTS],
  )

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

function callerVoice(row: CallerVoiceMapping): CallerVoice {
  const { callerId, name, sampleKey, consentBy, consentAt, createdAt, updatedAt } = row
  return { callerId, name, sampleKey, consent: { by: consentBy, at: consentAt }, createdAt, updatedAt }
}
