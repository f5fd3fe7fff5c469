import type { Provider } from '../calls/ports.ts'
import type { Database } from './database.ts'
import { sqlOf } from './sql.ts'

/** A call as those see it who watch many at once: where it is in the chart, and the step that brought it there. */
export type LiveCall = {
  id: string
  provider: Provider
  direction: 'inbound' | 'outbound'
  from: string
  to: string
  /** The leg's place in the chart, such as `hold` or `bridged`; `bridge` tells it further. */
  state: string
  bridge: string | null
  voice: string
  /** XState's state value: where the call is in every region. */
  value: unknown
  seq: number
  /** The event that made the last step, and when. */
  event: string
  at: Date
  startedAt: Date
  endedAt: Date | null
  outcome: string | null
}

type DueTime = { timerId: string; dueAt: Date }

export type LiveCallQueries = {
  /** All calls that are not over, each with its last step. */
  live(): Promise<{ id: string; seq: number }[]>
  /** These calls, over or not; unknown ones are left out. */
  these(ids: readonly string[]): Promise<LiveCall[]>
  /** Those of these calls that have made further steps. */
  findAhead(seen: { id: string; seq: number }[]): Promise<string[]>
  /** What this call waits for, the next first. */
  timers(callId: string): Promise<DueTime[]>
}

const SELECT = `
  select c.id, c.provider, c.direction, c.from_number as "from", c.to_number as "to", c.state, c.bridge,
         c.voice_state as voice, c.snapshot, c.last_seq as seq, e.type as event, e.at,
         c.started_at as "startedAt", c.ended_at as "endedAt", c.outcome
  from call_log c join call_event e on e.call_id = c.id and e.seq = c.last_seq`

/** Reads for the console's feed; many calls with one statement. */
export function createLiveCallQueries(database: Database): LiveCallQueries {
  const sql = sqlOf(database)
  return {
    live: () => sql('select id, last_seq as seq from call_log where ended_at is null'),

    async these(ids) {
      const among = 'where c.id in (select jsonb_array_elements_text(?::jsonb)::uuid)'
      return (await sql<LiveCallRow>(`${SELECT} ${among}`, [JSON.stringify(ids)])).map(parsed)
    },

    async findAhead(seen) {
      const rows = await sql<{ id: string }>(
        `select c.id from jsonb_to_recordset(?::jsonb) as s(id uuid, seq int)
         join call_log c on c.id = s.id where c.last_seq > s.seq`,
        [JSON.stringify(seen)],
      )
      return rows.map(({ id }) => id)
    },

    async timers(callId) {
      const rows = await sql<DueTime>(
        'select timer_id as "timerId", due_at as "dueAt" from call_timer where call_id = ? order by due_at',
        [callId],
      )
      return rows.map((row) => ({ ...row, dueAt: new Date(row.dueAt) }))
    },
  }
}

type LiveCallRow = Omit<LiveCall, 'value'> & { snapshot: { value: unknown } }

const parsed = ({ snapshot, ...row }: LiveCallRow): LiveCall => ({
  ...row,
  value: snapshot.value,
  at: new Date(row.at),
  startedAt: new Date(row.startedAt),
  endedAt: row.endedAt === null ? null : new Date(row.endedAt),
})
