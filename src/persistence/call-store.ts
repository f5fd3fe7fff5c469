import type pg from 'pg'
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
import {
  ARRIVAL,
  BRIDGES_HELD_BY,
  COUNT_LIVE,
  DUE_TIMERS,
  FIND,
  FIND_FOR_STEP,
  LIVE_WITH,
  OPEN,
  STEP,
  type Statement,
} from './call-store-sql.ts'

/** Another event of the same call came first each time; more than a handful means that something is very wrong. */
const MAX_ATTEMPTS = 25

type Opened = Awaited<ReturnType<CallStore['open']>>

type ArrivalRow = {
  liveCalls: string
  sampleKey: string | null
  vendorVoiceId: string | null
  agent: AgentSettings | null
}

/**
 * Keeps calls in PostgreSQL. A step is one statement that writes only if the call's last sequence number is still the one
 * that was read: the row's lock and that number are the mailbox, in whatever process the events arrive.
 *
 * Every webhook waits for these statements, and planning them takes longer than running them, so they are prepared once
 * for each connection; the ORM cannot do that.
 */
export function createCallStore(pool: pg.Pool): CallStore {
  const run = async <Row extends object>({ name, text }: Statement, values: unknown[]): Promise<Row[]> =>
    (await pool.query<Row>({ name, text, values })).rows

  async function find(address: CallAddress): Promise<CallRow | null> {
    const [row] = await run<CallRow>(FIND[keyOf(address)], valuesOf(address))
    return row ?? null
  }

  async function arrivalOf(call: NewCall): Promise<Arrival> {
    const [row] = await run<ArrivalRow>(ARRIVAL, [call.to, call.from])
    if (!row) throw new Error('The look-up of an arriving call answered no row.')
    return {
      liveCalls: Number(row.liveCalls),
      agent: row.agent,
      voice: voiceLookup(row),
    }
  }

  return {
    find,

    async open(call, begin, { nodeId, lines }) {
      const arrival = await arrivalOf(call)
      const late = { ...arrival, liveCalls: lines }
      const opened =
        (await write(call, arrival, begin(arrival), nodeId, arrival.liveCalls < lines ? lines : null)) ??
        (await known(call)) ??
        // The last line was taken meanwhile.
        (await write(call, late, begin(late), nodeId, null)) ??
        (await known(call))
      if (!opened) throw new Error(`Call ${call.id} is neither new nor known.`)
      return opened
    },

    async step(address, delivery, decide, nodeId) {
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const found = await readForStep(address, delivery)
        if (!found) return null
        const { row, seen, timerIsDue } = found
        if (seen || (delivery.timer && !timerIsDue)) return { row, step: null, repeated: true }
        const step = decide(row)
        if (!step) return { row, step: null, repeated: false }
        const written = await run(STEP, [
          row.id,
          row.lastSeq,
          JSON.stringify(stepColumns(step, nodeId)),
          ...sideRows(step, delivery),
          nodeId,
        ])
        if (written.length > 0) return { row, step, repeated: false }
      }
      throw new Error(`Call ${JSON.stringify(address)} changed under every one of ${MAX_ATTEMPTS} attempts.`)
    },

    async liveCallsWith(sampleKey) {
      return (await run<{ id: string }>(LIVE_WITH, [sampleKey])).map((row) => row.id)
    },

    bridgesHeldBy: (nodeIds) => run(BRIDGES_HELD_BY, [JSON.stringify(nodeIds)]),

    async countLive(nodeId) {
      return Number((await run<{ count: string }>(COUNT_LIVE, [nodeId]))[0]?.count ?? 0)
    },

    dueTimers: (until, limit) => run<DueTimer>(DUE_TIMERS, [until, limit]),
  }

  /** Null when the call is there already, or when none of so many lines is free. */
  async function write(
    call: NewCall,
    arrival: Arrival,
    step: Step,
    nodeId: string,
    lines: number | null,
  ): Promise<Opened | null> {
    const columns = callColumns(call, arrival)
    const written = await run(OPEN, [
      JSON.stringify({ ...columns, ...stepColumns(step, nodeId) }),
      ...sideRows(step, {}),
      ...[nodeId, lines],
    ])
    return written.length > 0 ? { row: openedRow(call, columns, step), created: true, step } : null
  }

  async function known(call: NewCall): Promise<Opened | null> {
    const row = await find(call)
    return row && { row, created: false, step: null }
  }

  async function readForStep(address: CallAddress, delivery: Delivery) {
    const delivered = [delivery.eventId ?? null, delivery.timer?.id ?? null, delivery.timer?.firedAt ?? null]
    const [read] = await run<CallRow & { seen: boolean; timerIsDue: boolean }>(
      FIND_FOR_STEP[keyOf(address)],
      [...valuesOf(address), ...delivered],
    )
    if (!read) return null
    const { seen, timerIsDue, ...row } = read
    return { row, seen, timerIsDue }
  }
}

const keyOf = (address: CallAddress) => ('callId' in address ? 'ours' : 'carriers')

const valuesOf = (address: CallAddress): string[] =>
  'callId' in address ? [address.callId] : [address.provider, address.providerCallId]

/** Without a clone the agent speaks in the voice that it has here; null is the one that it has at its vendor. */
function voiceLookup(row: ArrivalRow): VoiceLookup {
  const defaultVoiceId = row.agent?.voiceId ?? null
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
  const gone = delivery.timer ? [...step.timers.cancel, delivery.timer.id] : step.timers.cancel
  const kept = new Set(step.timers.set.map((timer) => timer.timerId))
  return [
    JSON.stringify(event),
    JSON.stringify(gone.filter((id) => !kept.has(id))),
    JSON.stringify(step.timers.set.map(({ timerId, dueAt }) => ({ timer_id: timerId, due_at: dueAt }))),
    JSON.stringify(step.jobs),
  ]
}

/** The row that was written, without reading it again. */
function openedRow(call: NewCall, columns: ReturnType<typeof callColumns>, step: Step): CallRow {
  return {
    ...call,
    agentId: columns.agent_id,
    snapshot: step.snapshot,
    chartVersion: step.chartVersion,
    lastSeq: 1,
    sampleKey: columns.sample_key,
    startedAt: step.at,
    endedAt: step.end ? step.at : null,
    outcome: step.end?.reason ?? null,
  }
}
