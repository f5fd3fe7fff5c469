import type pg from 'pg'
import type { VoiceLookup } from '../../machines/call-events.ts'
import { BACKEND_TRAITS } from '../calls/agent-backends.ts'
import type { AgentSettings } from '../calls/agent-settings.ts'
import type { VoiceTrust } from '../calls/caller-trust.ts'
import type { Arrival, CallStore, CallTypes, NewCall, Step } from '../calls/store.ts'
import { beginning, createActorStore, preparedOn, rowOf, type Times } from './actor-store.ts'
import { ARRIVAL, CALL_TABLE, COUNT_LIVE, LIVE_WITH, NAME_LEG, OPEN } from './prepared/call-statements.ts'

/** PostgreSQL's code of it. */
const UNIQUE_VIOLATION = '23505'

type Opened = Awaited<ReturnType<CallStore['open']>>

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

/** Keeps calls as all actors are kept, and lets in as many as there are places for. */
export function createCallStore(pool: pg.Pool): CallStore {
  const run = preparedOn(pool)
  const actors = createActorStore<CallTypes>(pool, CALL_TABLE)

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
    ...actors,

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

    async nameLeg(legId, providerCallId) {
      try {
        return (await run(NAME_LEG, [legId, providerCallId])).length > 0
      } catch (error) {
        if ((error as { code?: string }).code === UNIQUE_VIOLATION) return false
        throw error
      }
    },

    async liveCallsWith(sampleKey) {
      return (await run<{ id: string }>(LIVE_WITH, [sampleKey])).map((row) => row.id)
    },

    async countLive(nodeId) {
      return Number((await run<{ count: string }>(COUNT_LIVE, [nodeId]))[0]?.count ?? 0)
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
    const { voice: claim, answeredBy: _, ...announced } = call
    const { agent, voice } = arrival
    const known = { agentId: agent?.id ?? null, sampleKey: voice.kind === 'default' ? null : voice.sampleKey }
    const unread = {
      callerVerification: claim?.verification ?? null,
      voiceWithheld: (voice.kind === 'default' && voice.withheld) || null,
    }
    const parameters = beginning(CALL_TABLE, { ...announced, ...known, ...unread }, step, nodeId)
    const [times] = await run<Times>(OPEN, [...parameters, place.capacity, place.isLast])
    if (!times) return null
    const { legId, providerCallId, ...rest } = call
    const legs = [{ id: legId, role: 'caller' as const, provider: call.provider, providerCallId }]
    const fresh = { ...rest, ...known, legs, outcome: step.columns.outcome }
    return { row: rowOf<CallTypes>(fresh, step, times), created: true, step }
  }

  async function known({ provider, providerCallId }: NewCall): Promise<Opened | null> {
    const row = providerCallId === null ? null : await actors.find({ provider, providerCallId })
    return row && { row, created: false, step: null }
  }
}

/** What the call is tried to be written with, one after the other. */
function placesFor(
  { columns }: Step,
  { liveCalls, mostOpenings }: { liveCalls: number; mostOpenings: number },
  capacity: number,
): Place[] {
  if (!columns.takesCapacity) return [NO_PLACE]
  const isFar = liveCalls + mostOpenings <= capacity
  const places = [false, true].map((isLast) => ({ capacity, isLast }))
  return [...(isFar ? places : places.slice(1)), TURNED_AWAY]
}

/**
 * Without a clone the agent speaks in the voice that it has here; null is the one that it has at its vendor. An agent whose backend
 * cannot speak clones is given none, and nobody waits for one.
 */
function voiceLookup(row: ArrivalRow, claim: NewCall['voice']): VoiceLookup {
  const defaultVoiceId = row.agent?.voiceId ?? null
  if (!row.sampleKey) return { kind: 'default', voiceId: defaultVoiceId }
  const isSpoken = row.agent === null || BACKEND_TRAITS[row.agent.backend].speaksClones
  const withheld = isSpoken ? claim?.withheld(row.trust) : 'backend_cannot'
  if (withheld) return { kind: 'default', voiceId: defaultVoiceId, withheld }
  if (!row.vendorVoiceId) {
    return { kind: 'clone', sampleKey: row.sampleKey, fallbackVoiceId: defaultVoiceId }
  }
  return { kind: 'cached', sampleKey: row.sampleKey, voiceId: row.vendorVoiceId }
}
