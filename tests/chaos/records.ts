import type { TestDatabase } from '../support/database.ts'
import type { WrittenCall, WrittenEvent } from './verdict.ts'

type Row = { id: string; sid: string; state: string; outcome: string | null }

/** What is written down of the call that the carrier calls so. */
export async function writtenCall({ query }: TestDatabase, sid: string): Promise<WrittenCall> {
  const [row] = await query<Row>(
    'select id, provider_call_id as sid, state, outcome from call_log where provider_call_id = $1',
    [sid],
  )
  if (!row) return null
  const events = await query<WrittenEvent>(
    `select at, type, state_before as before, state_after as after, event->>'cause' as cause
     from call_event where call_id = $1 order by seq`,
    [row.id],
  )
  return { ...row, events }
}

/** The carrier's names of the calls that are not over. */
export async function liveSids({ query }: TestDatabase): Promise<string[]> {
  const rows = await query<{ sid: string }>(
    'select provider_call_id as sid from call_log where ended_at is null',
  )
  return rows.map(({ sid }) => sid)
}

/** Every job that is there, in the queue or on its way to it, and how it stands. */
export async function jobsLeft({ query }: TestDatabase): Promise<string[]> {
  const rows = await query<{ job: string }>(
    `select t.identifier || ' attempt ' || j.attempts || '/' || j.max_attempts
       || coalesce(', locked by ' || j.locked_by, '') || coalesce(': ' || left(j.last_error, 200), '') as job
     from graphile_worker._private_jobs j join graphile_worker._private_tasks t on t.id = j.task_id
     union all select task || ' on its way to the queue' from actor_job
     union all select task || ' on its way to the queue' from voice_job`,
  )
  return rows.map(({ job }) => job)
}
