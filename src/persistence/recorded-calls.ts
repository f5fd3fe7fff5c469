import type { RecordedCall, RecordedEvent } from '../replay/recorded-call.ts'
import type { Database } from './database.ts'
import { sqlOf } from './sql.ts'

/** Finds what was written down of a call, by our id or by its carrier's; null when there is no such call. */
export type FindRecordedCall = (id: string) => Promise<RecordedCall | null>

type HeadRow = Omit<RecordedCall, 'startedAt' | 'endedAt' | 'events'> & {
  startedAt: string
  endedAt: string | null
  snapshot: Saved
}

type Saved = NonNullable<RecordedEvent['snapshot']>

/** Of what is saved, a replay needs no more. */
const savedOf = ({ value, context, status }: Saved): Saved => ({ value, context, status })

const HEAD = `select id, provider, direction, chart_version as "chartVersion", started_at as "startedAt",
  ended_at as "endedAt", outcome, snapshot from call_log`

const EVENTS = `select seq, at, event, state_before as "stateBefore", state_after as "stateAfter", effects,
  snapshot, chart_version as "chartVersion"
  from call_event where call_id = ? order by seq`

const BY_CARRIERS_ID =
  'id in (select call_id from call_leg where provider_call_id = ?) order by started_at desc limit 1'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

export function recordedCalls(database: Database): FindRecordedCall {
  const sql = sqlOf(database)
  return async (id) => {
    const where = UUID.test(id) ? 'id = ?' : BY_CARRIERS_ID
    const [head] = await sql<HeadRow>(`${HEAD} where ${where}`, [id])
    if (!head) return null
    const rows = await sql<RecordedEvent & { at: string }>(EVENTS, [head.id])
    const { snapshot, startedAt, endedAt, ...call } = head
    const events = rows.map((row) => ({
      ...row,
      at: iso(row.at),
      snapshot: row.snapshot && savedOf(row.snapshot),
    }))
    // Calls from before snapshots were kept with each event still have their last one.
    const last = events.at(-1)
    if (last) last.snapshot ??= savedOf(snapshot)
    return { ...call, startedAt: iso(startedAt), endedAt: endedAt && iso(endedAt), events }
  }
}

const iso = (at: string) => new Date(at).toISOString()
