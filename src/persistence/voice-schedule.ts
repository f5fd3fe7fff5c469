import type { Clone } from '../voices/ports.ts'
import type { Sql } from './sql.ts'

/* The jobs by which voices are ended later, to be added in the transaction that makes them necessary. */

/** A vendor that is down for a while must not make us forget to delete a voice there. */
const ATTEMPTS = 25

/** In the line of its samples' clones, so that a voice is never made and ended at the same time. */
export async function expireVoice(
  sql: Sql,
  sampleKey: string,
  vendorVoiceId: string,
  at: Date,
): Promise<void> {
  await sql(
    `select graphile_worker.add_job('expire-voice', json_build_object('sampleKey', ?::text, 'vendorVoiceId', ?::text),
       run_at => ?::timestamptz, job_key => ?, queue_name => ?, max_attempts => ?)`,
    [sampleKey, vendorVoiceId, at, `expire:${vendorVoiceId}`, `clone:${sampleKey}`, ATTEMPTS],
  )
}

/** The safety net under whoever forgets a clone and deletes the vendor's copy at once. */
export async function removeVoiceLater(sql: Sql, vendorVoiceId: string): Promise<void> {
  await sql(
    `select graphile_worker.add_job('remove-vendor-voice', json_build_object('vendorVoiceId', ?::text),
       run_at => now() + interval '15 seconds', job_key => ?, max_attempts => ?)`,
    [vendorVoiceId, `remove:${vendorVoiceId}`, ATTEMPTS],
  )
}

export async function takeBackRemoval(sql: Sql, vendorVoiceId: string): Promise<void> {
  await sql('select graphile_worker.remove_job(?)', [`remove:${vendorVoiceId}`])
}

/** Later than the vendor may still be at work on a request that was given up. */
export async function searchStrays(
  sql: Sql,
  { sampleKey, requestedAt }: Pick<Clone, 'sampleKey' | 'requestedAt'>,
): Promise<void> {
  const key = `strays:${sampleKey}:${requestedAt.getTime()}`
  await sql(
    `select graphile_worker.add_job('remove-stray-voices', json_build_object('sampleKey', ?::text, 'requestedAt', ?::text),
       run_at => now() + interval '15 minutes', job_key => ?, max_attempts => ?)`,
    [sampleKey, requestedAt.toISOString(), key, ATTEMPTS],
  )
}
