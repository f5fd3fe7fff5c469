import type { LegRole, TransferOutcome, VoiceWithheld } from '../../machines/call-events.ts'
import type { CallerVerification } from '../calls/caller-trust.ts'
import type { Provider } from '../calls/ports.ts'
import { readStatistics, type Statistics } from './call-statistics.ts'
import type { Database } from './database.ts'
import { IN_CAPACITY } from './prepared/call-statements.ts'
import { type FindRecordedCall, recordedCalls } from './recorded-calls.ts'
import { sqlOf } from './sql.ts'
import { tablesOf } from './tables.ts'

/** A call as operators see it. */
export type CallSummary = {
  id: string
  provider: Provider
  /** Of the caller's leg; null while its carrier does not know it. */
  providerCallId: string | null
  direction: 'inbound' | 'outbound'
  from: string
  to: string
  agentId: string | null
  /** The leg's place in the chart in one word, such as `hold` or `bridged`. */
  state: string
  /** Within `bridged`: connecting, talking or reconnecting. */
  bridge: string | null
  voice: string
  voiceId: string | null
  callerVerification: CallerVerification | null
  voiceWithheld: VoiceWithheld | null
  startedAt: Date
  bridgedAt: Date | null
  endedAt: Date | null
  outcome: string | null
  fault: string | null
  /** Whom the latest transfer is to, and what became of it; null while they are being called, and without a transfer. */
  transferTo: string | null
  transferOutcome: TransferOutcome | null
}

/** One party's line in a call. */
export type LegSummary = {
  id: string
  role: LegRole
  provider: Provider
  providerCallId: string | null
  startedAt: Date
  endedAt: Date | null
  /** Why it ended. */
  endReason: string | null
}

export type CallFilter = {
  state?: string
  provider?: Provider
  from?: string
  to?: string
  outcome?: string
  providerCallId?: string
  /** True for calls that are not over, false for those that are. */
  active?: boolean
  since?: Date
  until?: Date
}

/** The newest call of the page before; calls begun at the same moment are told apart by id. */
export type CallCursor = { startedAt: Date; id: string }

export type RecordedEvent = {
  seq: number
  at: Date
  type: string
  event: object
  stateBefore: string
  stateAfter: string
  effects: object[]
}

export type { Statistics } from './call-statistics.ts'

export type CallQueries = {
  list(filter: CallFilter, page: { limit: number; after?: CallCursor }): Promise<CallSummary[]>
  get(id: string): Promise<CallSummary | null>
  /** The caller's first. */
  legs(callId: string): Promise<LegSummary[]>
  /** In order; only those after `afterSeq`. */
  events(callId: string, afterSeq: number): Promise<RecordedEvent[]>
  /** All that was written down of a call, to be replayed. */
  recorded: FindRecordedCall
  statistics(): Promise<Statistics>
  /** How many calls take a place of those that there are. */
  countInCapacity(): Promise<number>
  /** Those that are not over. */
  countByState(): Promise<{ provider: string; state: string; count: number }[]>
}

const SUMMARY = `id, provider, (
    select l.provider_call_id from call_leg l where l.call_id = call_log.id and l.role = 'caller'
  ) as "providerCallId", direction, from_number as "from",
  to_number as "to", agent_id as "agentId", state, bridge, voice_state as voice, voice_id as "voiceId",
  caller_verification as "callerVerification", voice_withheld as "voiceWithheld",
  started_at as "startedAt", bridged_at as "bridgedAt", ended_at as "endedAt", outcome, fault,
  transfer_to as "transferTo", transfer_outcome as "transferOutcome"`

/** Reads for people and programs that look on; nothing here locks or changes a call. */
export function createCallQueries(database: Database): CallQueries {
  const sql = sqlOf(database)
  return {
    async list(filter, { limit, after }) {
      const conditions = conditionsOf(filter)
      if (after) conditions.push(['(started_at, id) < (?, ?)', [after.startedAt, after.id]])
      const where = conditions.map(([condition]) => condition).join(' and ') || 'true'
      const rows = await sql<CallSummary>(
        `select ${SUMMARY} from call_log where ${where} order by started_at desc, id desc limit ?`,
        [...conditions.flatMap(([, params]) => params), limit],
      )
      return rows.map(revive)
    },

    async get(id) {
      const [row] = await sql<CallSummary>(`select ${SUMMARY} from call_log where id = ?`, [id])
      return row ? revive(row) : null
    },

    async legs(callId) {
      const legs = await sql<LegSummary>(LEGS, [callId])
      return legs.map((leg) => ({ ...leg, ...datesOf(leg) }))
    },

    async events(callId, afterSeq) {
      const rows = await sql<RecordedEvent>(
        `select seq, at, type, event, state_before as "stateBefore", state_after as "stateAfter", effects
         from call_event where call_id = ? and seq > ? order by seq`,
        [callId, afterSeq],
      )
      return rows.map((row) => ({ ...row, at: new Date(row.at) }))
    },

    recorded: recordedCalls(database),

    statistics: () => readStatistics(tablesOf(database)),

    async countInCapacity() {
      return (await sql<{ count: number }>(`select (${IN_CAPACITY}) as count`))[0]?.count ?? 0
    },

    async countByState() {
      const rows = await sql<{ provider: string; state: string; count: string }>(
        'select provider, state, count(*) as count from call_log where ended_at is null group by provider, state',
      )
      return rows.map((row) => ({ ...row, count: Number(row.count) }))
    },
  }
}

const LEGS = `select id, role, provider, provider_call_id as "providerCallId", started_at as "startedAt",
  ended_at as "endedAt", end_reason as "endReason" from call_leg where call_id = ? order by started_at, id`

const OF_CARRIERS_ID = 'id in (select call_id from call_leg where provider_call_id = ?)'

type Condition = [string, unknown[]]

function conditionsOf(filter: CallFilter): Condition[] {
  const equal: [string, string | undefined][] = [
    ['provider', filter.provider],
    ['from_number', filter.from],
    ['to_number', filter.to],
    ['outcome', filter.outcome],
  ]
  const conditions = equal.flatMap(([column, value]): Condition[] =>
    value === undefined ? [] : [[`${column} = ?`, [value]]],
  )
  if (filter.providerCallId !== undefined) conditions.push([OF_CARRIERS_ID, [filter.providerCallId]])
  // What the indexes know of the state.
  if (filter.state === 'ended') conditions.push(['ended_at is not null', []])
  else if (filter.state !== undefined) conditions.push(['ended_at is null and state = ?', [filter.state]])
  if (filter.active !== undefined) conditions.push([`ended_at is ${filter.active ? '' : 'not '}null`, []])
  if (filter.since) conditions.push(['started_at >= ?', [filter.since]])
  if (filter.until) conditions.push(['started_at < ?', [filter.until]])
  return conditions
}

const date = (value: Date | null) => (value === null ? null : new Date(value))

const datesOf = ({ startedAt, endedAt }: { startedAt: Date; endedAt: Date | null }) => ({
  startedAt: new Date(startedAt),
  endedAt: date(endedAt),
})

const revive = (row: CallSummary): CallSummary => ({
  ...row,
  ...datesOf(row),
  bridgedAt: date(row.bridgedAt),
})
