import type { Broken } from '../verdict.ts'
import type { CarrierName, Place, PlannedEnd } from './plan.ts'

/** What is known of a call that is over for its caller. */
export type EndedCall = {
  carrier: CarrierName
  place: Place
  endsBy: PlannedEnd
  /** Why the caller gave up; null where they did not. */
  gaveUp: string | null
  endedBy: 'caller' | 'service' | 'carrier' | null
  hasApologized: boolean
  /** It was still held when the old version's time was up. */
  metTheEndOfDrain: boolean
  outcome: string | null
}

export type RollingVerdict = { end: 'as planned' | 'with its holder' | Broken; why: string }

const BUSY: ReadonlySet<string | null> = new Set(['capacity_full', 'draining'])
/** What is written of a call that its place ends. */
const END_OF: Partial<Record<Place, string>> = {
  departing: 'caller_hung_up',
  closing: 'agent_ended',
  failed: 'agent_lost',
}

/** A SIP leg dies with the process that holds it; every other call reaches its planned end, and that is written. */
export function rollingVerdict(call: EndedCall): RollingVerdict {
  const { outcome } = call
  if (BUSY.has(outcome)) return { end: 'busy', why: `turned away: ${outcome}` }
  if (call.gaveUp !== null) return { end: 'lost', why: `the caller gave up: ${call.gaveUp}` }
  if (outcome === 'leg_holder_lost') return heldToTheEnd(call)
  if (call.endedBy === 'carrier') return { end: 'lost', why: 'the carrier could not go on with the call' }
  const expected = plannedOutcome(call)
  if (call.hasApologized && expected !== 'agent_lost')
    return { end: 'lost', why: `the caller heard the apology: ${outcome}` }
  if (call.endedBy === 'service' && expected === 'caller_hung_up')
    return { end: 'lost', why: `the service ended the call: ${outcome}` }
  if (outcome === expected) return { end: 'as planned', why: expected }
  return { end: 'misreported', why: `${expected} is true, written: ${outcome}` }
}

function heldToTheEnd({ carrier, place, metTheEndOfDrain }: EndedCall): RollingVerdict {
  const diedWithIt = carrier === 'sip' && place !== 'arriving' && metTheEndOfDrain
  return diedWithIt
    ? { end: 'with its holder', why: 'leg_holder_lost' }
    : { end: 'lost', why: 'leg_holder_lost, though no process went that held it' }
}

function plannedOutcome({ place, endsBy }: Pick<EndedCall, 'place' | 'endsBy'>): string {
  if (endsBy === 'place') return END_OF[place] ?? 'caller_hung_up'
  return endsBy === 'agent' ? 'agent_ended' : 'caller_hung_up'
}
