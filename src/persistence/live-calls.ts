import { sql } from 'kysely'
import type { Provider } from '../calls/ports.ts'
import type { Database } from './database.ts'
import { tablesOf } from './tables.ts'

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
  /** What this call waits for, the next first. */
  timers(callId: string): Promise<DueTime[]>
}

/** Reads for the console's feed; many calls with one statement. */
export function createLiveCallQueries(database: Database): LiveCallQueries {
  const tables = tablesOf(database)
  return {
    live: () =>
      tables.selectFrom('call_log').select(['id', 'last_seq as seq']).where('ended_at', 'is', null).execute(),

    async these(ids) {
      const rows = await tables
        .selectFrom('call_log as c')
        .innerJoin('call_event as e', (on) =>
          on.onRef('e.call_id', '=', 'c.id').onRef('e.seq', '=', 'c.last_seq'),
        )
        .select([
          'c.id',
          'c.provider',
          'c.direction',
          'c.from_number as from',
          'c.to_number as to',
          'c.state',
        ])
        .select([
          'c.bridge',
          'c.voice_state as voice',
          'c.snapshot',
          'c.last_seq as seq',
          'e.type as event',
          'e.at',
        ])
        .select(['c.started_at as startedAt', 'c.ended_at as endedAt', 'c.outcome'])
        .where(
          'c.id',
          'in',
          sql<string>`(select jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb)::uuid)`,
        )
        .execute()
      return rows.map(parsed)
    },

    async timers(callId) {
      const rows = await tables
        .selectFrom('call_timer')
        .select(['timer_id as timerId', 'due_at as dueAt'])
        .where('call_id', '=', callId)
        .orderBy('due_at')
        .execute()
      return rows.map((row) => ({ ...row, dueAt: new Date(row.dueAt) }))
    },
  }
}

type Row = Omit<LiveCall, 'value' | 'bridge' | 'endedAt' | 'outcome'> & {
  snapshot: object
  bridge?: string | null
  endedAt?: Date | null
  outcome?: string | null
}

const parsed = ({ snapshot, bridge = null, endedAt = null, outcome = null, ...row }: Row): LiveCall => ({
  ...row,
  bridge,
  outcome,
  value: (snapshot as { value?: unknown }).value,
  at: new Date(row.at),
  startedAt: new Date(row.startedAt),
  endedAt: endedAt && new Date(endedAt),
})
