import type pg from 'pg'
import type { VoiceLookup } from '../../machines/call-events.ts'
import type { AgentSettings } from '../calls/agent-settings.ts'
import type { VoiceTrust } from '../calls/caller-trust.ts'
import type {
  Arrival,
  CallAddress,
  CallRow,
  CallStore,
  Delivery,
  NewCall,
  Step,
  TimerAddress,
} from '../calls/store.ts'
import {
  ARRIVAL,
  COUNT_LIVE,
  DUE_TIMERS,
  ENQUEUE,
  FATE,
  FIND,
  FIND_FOR_STEP,
  LIVE_WITH,
  OPEN,
  POSTPONE_TIMER,
  STEP,
  type Statement,
} from './call-store-sql.ts'

/** Another event of the same call came first each time; more than a handful means that something is very wrong. */
const MAX_ATTEMPTS = 25

type Opened = Awaited<ReturnType<CallStore['open']>>

/** What the database's clock said. */
type Times = Pick<CallRow, 'startedAt' | 'endedAt'>

/** `isLast`: one of the last places, which are given to one call at a time; far from them calls do not wait for each other. */
type Place = { capacity: number | null; isLast: boolean | null }

const NO_PLACE: Place = { capacity: null, isLast: null }
const TURNED_AWAY: Place = { ...NO_PLACE }

type ArrivalRow = {
  liveCalls: number
  mostOpenings: number
  sampleKey: string | null
  trust: VoiceTrust | null
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

  async function arrivalOf(call: NewCall): Promise<Arrival & { mostOpenings: number }> {
    const [row] = await run<ArrivalRow>(ARRIVAL, [
      call.to,
      call.voice ? call.voice.of : call.from,
      call.answeredBy ?? null,
    ])
    if (!row) throw new Error('The look-up of an arriving call answered no row.')
    const { liveCalls, mostOpenings, agent } = row
    return { liveCalls, mostOpenings, agent, voice: voiceLookup(row, call.voice) }
  }

  return {
    find,

    async open(call, begin, { nodeId, capacity }) {
      const arrival = await arrivalOf(call)
      const first = begin(arrival)
      const full = { ...arrival, liveCalls: capacity }
      for (const place of placesFor(first, arrival, capacity)) {
        // None was left by the time the call was written: it is turned away.
        const step = place === TURNED_AWAY ? begin(full) : first
        const opened = (await write(call, arrival, step, nodeId, place)) ?? (await known(call))
        if (opened) return opened
      }
      throw new Error(`Call ${call.id} is neither new nor known.`)
    },

    async step(address, delivery, decide, nodeId) {
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const found = await readForStep(address, delivery)
        if (!found) return null
        const { row, seen, timerIsDue } = found
        if (seen || (delivery.timerId && !timerIsDue)) return { row, step: null, repeated: true }
        const step = row.endedAt ? null : decide(row)
        if (!step) return { row, step: null, repeated: false }
        const written = await run(STEP, [
          row.id,
          row.lastSeq,
          JSON.stringify(stepColumns(step, nodeId)),
          ...sideRows(step, delivery),
          JSON.stringify(renamed(step, delivery)),
        ])
        if (written.length > 0) return { row, step, repeated: false }
      }
      throw new Error(`Call ${JSON.stringify(address)} changed under every one of ${MAX_ATTEMPTS} attempts.`)
    },

    async enqueue(job) {
      await run(ENQUEUE, [JSON.stringify([job])])
    },

    async fateOf({ callId, eventId, key }) {
      const [fate] = await run<{ isTaken: boolean; isWaiting: boolean }>(FATE, [callId, eventId, key])
      if (fate?.isTaken) return 'taken'
      return fate?.isWaiting ? 'waiting' : 'ignored'
    },

    async liveCallsWith(sampleKey) {
      return (await run<{ id: string }>(LIVE_WITH, [sampleKey])).map((row) => row.id)
    },

    async countLive(nodeId) {
      return Number((await run<{ count: string }>(COUNT_LIVE, [nodeId]))[0]?.count ?? 0)
    },

    dueTimers: (limit) => run<TimerAddress>(DUE_TIMERS, [limit]),

    async postponeTimer({ callId, timerId }) {
      return (await run<{ failures: number }>(POSTPONE_TIMER, [callId, timerId]))[0]?.failures ?? 0
    },
  }

  /** Null when the call is there already, or when there is no such place for it. */
  async function write(
    call: NewCall,
    arrival: Arrival,
    step: Step,
    nodeId: string,
    place: Place,
  ): Promise<Opened | null> {
    const columns = callColumns(call, arrival)
    const [times] = await run<Times>(OPEN, [
      JSON.stringify({ ...columns, ...stepColumns(step, nodeId) }),
      ...sideRows(step, {}),
      ...[place.capacity, place.isLast],
    ])
    return times ? { row: openedRow(call, columns, step, times), created: true, step } : null
  }

  async function known(call: NewCall): Promise<Opened | null> {
    const row = await find(call)
    return row && { row, created: false, step: null }
  }

  async function readForStep(address: CallAddress, delivery: Delivery) {
    const delivered = [delivery.eventId ?? null, delivery.timerId ?? null]
    const [read] = await run<CallRow & { seen: boolean; timerIsDue: boolean }>(
      FIND_FOR_STEP[keyOf(address)],
      [...valuesOf(address), ...delivered],
    )
    if (!read) return null
    const { seen, timerIsDue, ...row } = read
    return { row, seen, timerIsDue }
  }
}

/** What the call is tried to be written with, one after the other. */
function placesFor(
  { view }: Step,
  { liveCalls, mostOpenings }: { liveCalls: number; mostOpenings: number },
  capacity: number,
): Place[] {
  if (view.state === 'rejected' || view.state === 'ended') return [NO_PLACE]
  const isFar = liveCalls + mostOpenings <= capacity
  const places = [false, true].map((isLast) => ({ capacity, isLast }))
  return [...(isFar ? places : places.slice(1)), TURNED_AWAY]
}

const keyOf = (address: CallAddress) => ('callId' in address ? 'ours' : 'carriers')

const valuesOf = (address: CallAddress): string[] =>
  'callId' in address ? [address.callId] : [address.provider, address.providerCallId]

/** Without a clone the agent speaks in the voice that it has here; null is the one that it has at its vendor. */
function voiceLookup(row: ArrivalRow, claim: NewCall['voice']): VoiceLookup {
  const defaultVoiceId = row.agent?.voiceId ?? null
  if (!row.sampleKey) return { kind: 'default', voiceId: defaultVoiceId }
  const withheld = claim?.withheld(row.trust)
  if (withheld) return { kind: 'default', voiceId: defaultVoiceId, withheld }
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
    caller_verification: call.voice?.verification ?? null,
    voice_withheld: (voice.kind === 'default' && voice.withheld) || null,
  }
}

function stepColumns(step: Step, nodeId: string) {
  return {
    snapshot: step.snapshot,
    chart_version: step.chartVersion,
    state: step.end ? 'ended' : step.view.state,
    bridge: step.view.bridge,
    voice_state: step.view.voice,
    voice_id: step.view.context.voiceId,
    node_id: nodeId,
    is_bridged: step.view.state === 'bridged',
    bridge_number: step.view.context.bridgeNumber,
    conversation_id: step.view.context.conversationId ?? null,
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
  }
  const { set, cancel, rename } = step.timers
  const again = new Set(set.map((timer) => timer.timerId))
  const replaced = [...again, ...cancel].flatMap((name) => namesBefore(name, rename))
  const gone = [...cancel, ...replaced, ...(delivery.timerId ? [delivery.timerId] : [])]
  return [
    JSON.stringify(event),
    JSON.stringify(gone.filter((id) => !again.has(id))),
    JSON.stringify(set.map(({ timerId, delayMs }) => ({ timer_id: timerId, delay_ms: delayMs }))),
    JSON.stringify(step.jobs),
  ]
}

/** The row that was written, without reading it again. */
function openedRow(
  call: NewCall,
  columns: ReturnType<typeof callColumns>,
  step: Step,
  times: Times,
): CallRow {
  return {
    ...call,
    agentId: columns.agent_id,
    snapshot: step.snapshot,
    chartVersion: step.chartVersion,
    lastSeq: 1,
    sampleKey: columns.sample_key,
    ...times,
    outcome: step.end?.reason ?? null,
  }
}

const namesBefore = (name: string, rename: Step['timers']['rename']): string[] =>
  Object.keys(rename).filter((was) => rename[was] === name)

/** What timers are called from now on, but for those that the step forgets or sets anew. */
function renamed({ timers: { set, cancel, rename } }: Step, { timerId }: Delivery): Record<string, string> {
  const settled = new Set([...set.map((timer) => timer.timerId), ...cancel])
  return Object.fromEntries(
    Object.entries(rename).filter(([was, name]) => was !== timerId && !settled.has(name)),
  )
}
