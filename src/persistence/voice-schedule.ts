import type { Clone } from '../voices/ports.ts'
import { moveJobs } from './prepared/move-jobs.ts'
import type { Sql } from './sql.ts'

/*
 * The jobs by which voices are ended later. Each is written in the transaction that makes it necessary, and handed to the
 * queue after the commit: its notification makes a transaction wait in one line with all others of the server.
 */

/** A vendor that is down for a while must not make us forget to delete a voice there. */
const ATTEMPTS = 25

/** In the line of its samples' clones, so that a voice is never made and ended at the same time. */
export async function expireVoice(
  sql: Sql,
  sampleKey: string,
  vendorVoiceId: string,
  delayMs: number,
): Promise<void> {
  await leave(sql, {
    task: 'expire-voice',
    payload: { sampleKey, vendorVoiceId },
    key: `expire:${vendorVoiceId}`,
    queue: `clone:${sampleKey}`,
    delayMs,
  })
}

/** The safety net under whoever forgets a clone and deletes the vendor's copy at once. */
export async function removeVoiceLater(sql: Sql, vendorVoiceId: string): Promise<void> {
  await leave(sql, {
    task: 'remove-vendor-voice',
    payload: { vendorVoiceId },
    key: removalOf(vendorVoiceId),
    queue: null,
    delayMs: 15_000,
  })
}

export async function takeBackRemoval(sql: Sql, vendorVoiceId: string): Promise<void> {
  const key = removalOf(vendorVoiceId)
  await sql('delete from voice_job where key = ?', [key])
  // Were it lost, a voice would be deleted once more that is not there any more.
  await sql(`select graphile_worker.remove_job(?), set_config('synchronous_commit', 'off', true)`, [key])
}

/** Later than the vendor may still be at work on a request that was given up. */
export async function searchStrays(
  sql: Sql,
  { sampleKey, requestedAt }: Pick<Clone, 'sampleKey' | 'requestedAt'>,
): Promise<void> {
  await leave(sql, {
    task: 'remove-stray-voices',
    payload: { sampleKey, requestedAt: requestedAt.toISOString() },
    key: `strays:${sampleKey}:${requestedAt.getTime()}`,
    queue: null,
    delayMs: 900_000,
  })
}

/** To be run after the commit; what a node leaves behind that dies in between, any other moves. */
export const MOVE_VOICE_JOBS = moveJobs('voice_job', { isTimed: true })

type LaterJob = { task: string; payload: object; key: string; queue: string | null; delayMs: number }

async function leave(sql: Sql, { task, payload, key, queue, delayMs }: LaterJob): Promise<void> {
  await sql(
    `insert into voice_job (task, payload, key, queue, attempts, run_at)
     values (?, ?::json, ?, ?, ?, now() + ? * interval '1 millisecond')`,
    [task, JSON.stringify(payload), key, queue, ATTEMPTS, delayMs],
  )
}

const removalOf = (vendorVoiceId: string): string => `remove:${vendorVoiceId}`
