import type { CallerVoice, Clone, VendorFailure, VoiceSample, VoiceStore } from '../voices/ports.ts'
import { bringPieces, takePieces, wholeOf } from './byte-pieces.ts'
import type { Database } from './database.ts'
import {
  CallerVoiceMapping,
  VoiceCloneCache,
  VoiceCloneLog,
  VoiceSampleFile,
} from './entities/voice.entity.ts'
import { inTransaction, type Sql, sqlIn, sqlOf } from './sql.ts'
import {
  expireVoice,
  MOVE_VOICE_JOBS,
  removeVoiceLater,
  searchStrays,
  takeBackRemoval,
} from './voice-schedule.ts'

/** Keeps callers' voices, the samples they are made of, and the clones at the vendor. */
export function createVoiceStore(database: Database): VoiceStore {
  const sql = sqlOf(database)
  const em = () => database.em.fork()
  /** Two editors at once would miss that the other has come to share, or given up, the same samples. */
  const editing = <Result>(
    edit: (tx: Transaction, run: Sql) => Promise<Result>,
    prepare?: (run: Sql) => Promise<void>,
  ) =>
    thenMoved(
      em().transactional(async (tx) => {
        const run = sqlIn(tx)
        await prepare?.(run)
        await run('lock table caller_voice_mapping in share row exclusive mode')
        return edit(tx, run)
      }),
    )
  const committed = <Result>(work: (tx: Sql) => Promise<Result>) => thenMoved(inTransaction(database, work))
  /** The jobs that the work has left go to the queue; where that fails, another node moves them. */
  const thenMoved = async <Result>(work: Promise<Result>): Promise<Result> => {
    const result = await work
    await sql(MOVE_VOICE_JOBS.text).catch(() => {})
    return result
  }

  return {
    save: ({ callerId, name, consent, sampleKey, trust, samples }) =>
      editing(
        async (tx, run) => {
          const before = await tx.findOne(CallerVoiceMapping, { callerId })
          for (const [i, sample] of samples.entries()) await keepSample(run, sampleKey, sample, wholeOf(i))
          const now = new Date()
          const mapping = {
            callerId,
            name,
            sampleKey,
            consentBy: consent.by,
            consentAt: consent.at,
            createdAt: before?.createdAt ?? now,
            updatedAt: now,
            trust: trust === undefined ? (before?.trust ?? null) : trust,
          }
          const forgotten = before && before.sampleKey !== sampleKey ? before.sampleKey : null
          await tx.upsert(CallerVoiceMapping, mapping)
          await tx.nativeDelete(VoiceCloneCache, { sampleKey, status: 'failed' })
          return {
            voice: callerVoice(mapping),
            forgotten: forgotten === null ? null : await forgetUnused(tx, run, forgotten),
          }
        },
        // A hundred megabytes take seconds to bring, and nobody else waits for them.
        (run) =>
          bringPieces(
            run,
            samples.map((sample) => sample.pieces()),
          ),
      ),

    async find(callerId) {
      const row = await em().findOne(CallerVoiceMapping, { callerId })
      return row && callerVoice(row)
    },

    async setTrust(callerId, trust) {
      const changed = await em().nativeUpdate(
        CallerVoiceMapping,
        { callerId },
        { trust, updatedAt: new Date() },
      )
      return changed === 0 ? null : this.find(callerId)
    },

    remove: (callerId) =>
      editing(async (tx, run) => {
        const row = await tx.findOne(CallerVoiceMapping, { callerId })
        if (!row) return null
        await tx.nativeDelete(CallerVoiceMapping, { callerId })
        return { forgotten: await forgetUnused(tx, run, row.sampleKey) }
      }),

    async samples(sampleKey): Promise<VoiceSample[]> {
      const rows = await sql<Omit<VoiceSample, 'pieces'>>(
        `select file_name as "fileName", mime_type as "mimeType", sha256, length(bytes) as size
         from voice_sample where sample_key = ? order by sha256`,
        [sampleKey],
      )
      return rows.map((row) => ({ ...row, pieces: () => samplePieces(sql, sampleKey, row) }))
    },

    async clone(sampleKey) {
      const [row] = await sql<CloneRow & { isExpired: boolean | null }>(
        `select ${CLONE}, expires_at <= now() as "isExpired" from voice_clone_cache where sample_key = ?`,
        [sampleKey],
      )
      return row ? { ...revive(row), isExpired: row.isExpired ?? false } : null
    },

    // The time is a part of the clone's name at the vendor, and has no more digits in JavaScript.
    beginClone: (sampleKey) =>
      committed(async (tx) => {
        const [row] = await tx<CloneRow>(
          `insert into voice_clone_cache as v (sample_key, status, requested_at) values (?, 'cloning', date_trunc('milliseconds', now()))
           on conflict (sample_key) do update set
             requested_at = case v.status when 'cloning' then v.requested_at else excluded.requested_at end,
             status = 'cloning', vendor_voice_id = null, failure = null, ready_at = null, expires_at = null,
             last_used_at = null
           returning ${CLONE}`,
          [sampleKey],
        )
        if (!row) throw new Error('The row of a clone was neither made nor found.')
        const clone = revive(row)
        await searchStrays(tx, clone)
        return clone
      }),

    markReady: (sampleKey, vendorVoiceId, ttlMs) =>
      committed(async (tx) => {
        const marked = await tx(
          `update voice_clone_cache set status = 'ready', vendor_voice_id = ?, failure = null, ready_at = now(),
             last_used_at = now(), expires_at = now() + ? * interval '1 millisecond' where sample_key = ? returning sample_key`,
          [vendorVoiceId, ttlMs, sampleKey],
        )
        if (marked.length === 0) {
          await removeVoiceLater(tx, vendorVoiceId)
          return false
        }
        await expireVoice(tx, sampleKey, vendorVoiceId, ttlMs)
        return true
      }),

    scheduleExpiry: (sampleKey, vendorVoiceId, delayMs) =>
      committed((tx) => expireVoice(tx, sampleKey, vendorVoiceId, delayMs)),

    async markFailed(sampleKey, failure) {
      await em().nativeUpdate(VoiceCloneCache, { sampleKey }, { status: 'failed', failure })
    },

    scheduleStraySearch: (clone) => committed((tx) => searchStrays(tx, clone)),

    forgetClone: (sampleKey) => committed((tx) => forget(tx, 'sample_key = ?', [sampleKey])),

    // A row that another node is about to forget is skipped: two that need room make it twice.
    forgetLeastRecentlyUsed: () =>
      committed((tx) =>
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

    async failureOf(sampleKey, since) {
      const [last] = await sql<{ cause: VendorFailure; detail: string }>(
        `select split_part(l.detail, ': ', 1) as cause, substr(l.detail, strpos(l.detail, ': ') + 2) as detail
         from voice_clone_log l where l.sample_key = ? and l.result = 'failed' and (
           l.at > ? or l.at > now() - interval '1 hour' and l.detail like 'rejected: %' and exists (
             select 1 from voice_clone_cache v where v.sample_key = l.sample_key and v.status = 'failed'))
         order by l.id desc limit 1`,
        [sampleKey, since],
      )
      return last ?? null
    },

    async log({ sampleKey, result, vendorVoiceId, durationMs, detail }) {
      await em().insert(VoiceCloneLog, {
        sampleKey,
        result,
        vendorVoiceId: vendorVoiceId ?? null,
        detail: detail ?? null,
        durationMs: durationMs === undefined ? null : Math.round(durationMs),
      })
    },
  }
}

type Transaction = ReturnType<Database['em']['fork']>

/** `whole` is the SQL of its bytes. */
const keepSample = (run: Sql, sampleKey: string, sample: VoiceSample, whole: string) =>
  run(
    `insert into voice_sample (sample_key, sha256, file_name, mime_type, bytes) values (?, ?, ?, ?, ${whole})
     on conflict (sample_key, sha256) do nothing`,
    [sampleKey, sample.sha256, sample.fileName, sample.mimeType],
  )

const samplePieces = (sql: Sql, sampleKey: string, { size, sha256 }: Pick<VoiceSample, 'size' | 'sha256'>) =>
  takePieces(size, (from, count) =>
    sql(
      'select substring(bytes from ? for ?) as bytes from voice_sample where sample_key = ? and sha256 = ?',
      [from, count, sampleKey, sha256],
    ),
  )

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
  const { sampleKey, status, vendorVoiceId, failure } = row
  return {
    sampleKey,
    status,
    vendorVoiceId,
    failure,
    requestedAt: new Date(row.requestedAt ?? 0),
    readyAt: date(row.readyAt),
    expiresAt: date(row.expiresAt),
    lastUsedAt: date(row.lastUsedAt),
  }
}

function cloneOf(row: VoiceCloneCache): Clone {
  const { sampleKey, status, vendorVoiceId, failure, requestedAt, readyAt, expiresAt, lastUsedAt } = row
  return {
    sampleKey,
    status,
    requestedAt,
    vendorVoiceId: vendorVoiceId ?? null,
    failure: failure ?? null,
    readyAt: readyAt ?? null,
    expiresAt: expiresAt ?? null,
    lastUsedAt: lastUsedAt ?? null,
  }
}

function callerVoice(row: Omit<CallerVoiceMapping, symbol>): CallerVoice {
  const { callerId, name, sampleKey, consentBy, consentAt, createdAt, updatedAt, trust = null } = row
  return { callerId, name, sampleKey, trust, consent: { by: consentBy, at: consentAt }, createdAt, updatedAt }
}
