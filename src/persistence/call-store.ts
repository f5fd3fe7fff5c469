import type { VoiceLookup } from '../../machines/call-events.ts'
import type { AgentSettings } from '../calls/ports.ts'
import type {
  Arrival,
  CallAddress,
  CallRow,
  CallStore,
  Delivery,
  DueTimer,
  NewCall,
  Step,
} from '../calls/store.ts'
import { OPEN_CALL, STEP_CALL } from './call-store-sql.ts'
import type { Database } from './database.ts'
import { sqlOf } from './sql.ts'

/** Another event of the same call came first each time; more than a handful means that something is very wrong. */
const MAX_ATTEMPTS = 25

const CALL_COLUMNS = `c.id, c.provider, c.provider_call_id as "providerCallId", c.direction,
  c.from_number as "from", c.to_number as "to", c.public_origin as "publicOrigin",
  c.media_secret as "mediaSecret", c.agent_id as "agentId", c.snapshot, c.chart_version as "chartVersion",
  c.last_seq as "lastSeq", c.sample_key as "sampleKey", c.started_at as "startedAt", c.ended_at as "endedAt", c.outcome`

type ArrivalRow = {
  liveCalls: string
  sampleKey: string | null
  vendorVoiceId: string | null
  agent: AgentSettings | null
}

/**
 * Keeps calls in PostgreSQL. A step is one statement that writes only if the call's last sequence number is still the one
 * that was read: the row's lock and that number are the mailbox, in whatever process the events arrive.
 */
export function createCallStore(database: Database, options: { defaultVoiceId: string | null }): CallStore {
  const run = sqlOf(database)

  async function find(address: CallAddress): Promise<CallRow | null> {
    const [where, params] = whereCall(address)
    const [row] = await run<CallRow>(`select ${CALL_COLUMNS} from call_log c where ${where}`, params)
    return row ? revive(row) : null
  }

  async function arrivalOf(call: NewCall): Promise<Arrival> {
    const [row] = await run<ArrivalRow>(ARRIVAL, [call.to, call.from, call.from])
    if (!row) throw new Error('The look-up of an arriving call answered no row.')
    return {
      liveCalls: Number(row.liveCalls),
      agent: row.agent,
      voice: voiceLookup(row, row.agent?.voiceId ?? options.defaultVoiceId),
    }
  }

  return {
    find,

    async open(call, begin, nodeId) {
      const existing = await find(call)
      if (existing) return { row: existing, created: false, step: null }
      const arrival = await arrivalOf(call)
      const step = begin(arrival)
      const [inserted] = await run(OPEN_CALL, [
        JSON.stringify({ ...callColumns(call, arrival), ...stepColumns(step, nodeId) }),
        ...sideRows(step, {}),
        nodeId,
      ])
      const row = await find(call)
      if (!row) throw new Error(`Call ${call.id} was written and cannot be found.`)
      return inserted ? { row, created: true, step } : { row, created: false, step: null }
    },

    async step(address, delivery, decide, nodeId) {
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const found = await readForStep(address, delivery)
        if (!found) return null
        const { row, seen, timerIsDue } = found
        if (seen || (delivery.timerId && !timerIsDue)) return { row, step: null, repeated: true }
        const step = decide(row)
        if (!step) return { row, step: null, repeated: false }
        const [written] = await run(STEP_CALL, [
          row.id,
          row.lastSeq,
          JSON.stringify(stepColumns(step, nodeId)),
          ...sideRows(step, delivery),
          nodeId,
        ])
        if (written) return { row, step, repeated: false }
      }
      throw new Error(`Call ${JSON.stringify(address)} changed under every one of ${MAX_ATTEMPTS} attempts.`)
    },

    async liveCallsWith(sampleKey) {
      const sql = `select id from call_log where sample_key = ? and ended_at is null`
      return (await run<{ id: string }>(sql, [sampleKey])).map((row) => row.id)
    },

    async countLive(nodeId) {
      const sql = `select count(*) as count from call_log where node_id = ? and ended_at is null`
      return Number((await run<{ count: string }>(sql, [nodeId]))[0]?.count ?? 0)
    },

    async dueTimers(until, limit) {
      const sql = `select call_id as "callId", timer_id as "timerId", due_at as "dueAt"
                   from call_timer where due_at <= ? order by due_at limit ?`
      const rows = await run<DueTimer>(sql, [until, limit])
      return rows.map((row) => ({ ...row, dueAt: new Date(row.dueAt) }))
    },
  }

  async function readForStep(address: CallAddress, delivery: Delivery) {
    const [where, params] = whereCall(address)
    const [read] = await run<CallRow & { seen: boolean; timerIsDue: boolean }>(
      `select ${CALL_COLUMNS},
         exists(select 1 from call_event e where e.call_id = c.id and e.event_id = ?) as seen,
         exists(select 1 from call_timer t where t.call_id = c.id and t.timer_id = ?) as "timerIsDue"
       from call_log c where ${where}`,
      [delivery.eventId ?? null, delivery.timerId ?? null, ...params],
    )
    if (!read) return null
    const { seen, timerIsDue, ...row } = read
    return { row: revive(row), seen, timerIsDue }
  }
}

const ARRIVAL = `
  select (select count(*) from call_log where ended_at is null) as "liveCalls",
         m.sample_key as "sampleKey", v.vendor_voice_id as "vendorVoiceId",
         (select jsonb_build_object('id', a.id, 'name', a.name, 'backend', a.backend,
                   'vendorAgentId', a.vendor_agent_id, 'voiceId', a.voice_id, 'instructions', a.instructions,
                   'firstMessage', a.first_message, 'language', a.language)
            from agent_number n join agent a on a.id = n.agent_id where n.number = ?) as agent
  from (select ?::text as caller) arriving
  left join caller_voice_mapping m on m.caller_id = ?
  left join voice_clone_cache v on v.sample_key = m.sample_key and v.status = 'ready' and v.expires_at > now()`

function whereCall(address: CallAddress): [string, unknown[]] {
  return 'callId' in address
    ? ['c.id = ?', [address.callId]]
    : ['c.provider = ? and c.provider_call_id = ?', [address.provider, address.providerCallId]]
}

function voiceLookup(row: ArrivalRow, defaultVoiceId: string | null): VoiceLookup {
  if (!row.sampleKey) return { kind: 'default', voiceId: defaultVoiceId }
  if (!row.vendorVoiceId) {
    return { kind: 'clone', sampleKey: row.sampleKey, fallbackVoiceId: defaultVoiceId }
  }
  return { kind: 'cached', sampleKey: row.sampleKey, voiceId: row.vendorVoiceId }
}

function callColumns(call: NewCall, { agent, voice }: Arrival) {
  return {
    id: call.id,
    provider: call.provider,
    provider_call_id: call.providerCallId,
    direction: call.direction,
    from_number: call.from,
    to_number: call.to,
    agent_id: agent?.id ?? null,
    public_origin: call.publicOrigin,
    media_secret: call.mediaSecret,
    sample_key: voice.kind === 'default' ? null : voice.sampleKey,
  }
}

function stepColumns(step: Step, nodeId: string) {
  return {
    snapshot: step.snapshot,
    chart_version: step.chartVersion,
    state: step.view.state,
    bridge: step.view.bridge,
    voice_state: step.view.voice,
    voice_id: step.view.context.voiceId,
    node_id: nodeId,
    is_bridged: step.view.state === 'bridged',
    at: step.at,
    outcome: step.end?.reason ?? null,
    fault: step.end?.fault ?? null,
  }
}

/** The event, the timers to forget, the timers to set and the jobs, in the order in which the statements take them. */
function sideRows(step: Step, delivery: Delivery): string[] {
  const event = {
    event_id: delivery.eventId ?? null,
    type: step.event.type,
    event: step.event,
    state_before: step.stateBefore,
    state_after: step.stateAfter,
    effects: step.effects,
    at: step.at,
  }
  const gone = delivery.timerId ? [...step.timers.cancel, delivery.timerId] : step.timers.cancel
  const kept = new Set(step.timers.set.map((timer) => timer.timerId))
  return [
    JSON.stringify(event),
    JSON.stringify(gone.filter((id) => !kept.has(id))),
    JSON.stringify(step.timers.set.map(({ timerId, dueAt }) => ({ timer_id: timerId, due_at: dueAt }))),
    JSON.stringify(step.jobs),
  ]
}

/** Rows that come through raw SQL carry dates as the driver gives them. */
function revive(row: CallRow): CallRow {
  return {
    ...row,
    startedAt: new Date(row.startedAt),
    endedAt: row.endedAt === null ? null : new Date(row.endedAt),
  }
}
