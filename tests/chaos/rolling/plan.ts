import { SeededRandom } from '../seeded-random.ts'
import type { RollingOptions } from './options.ts'

/** Where a call is when the old version is told to go, in the words of `callState`; `arriving` has not called yet. */
export const PLACES = {
  greeting: 'greeting',
  hold: 'hold',
  joining: 'joining',
  connecting: 'bridged.connecting',
  talking: 'bridged.talking',
  backingOff: 'bridged.backingOff',
  reconnecting: 'bridged.reconnecting',
  rejoining: 'rejoining',
  departing: 'departing',
  closing: 'closing',
  failed: 'failed',
  arriving: null,
} as const
export type Place = keyof typeof PLACES

export type CarrierName = 'twilio' | 'sip'

/**
 * FreeSWITCH dials the relay by itself and its BYE is the end, so that no SIP leg can be kept joining or departing.
 */
export const PLACES_OVER: Readonly<Record<CarrierName, readonly Place[]>> = {
  twilio: Object.keys(PLACES) as Place[],
  sip: (Object.keys(PLACES) as Place[]).filter((place) => place !== 'joining' && place !== 'departing'),
}

/** How a call is to end; what its place has begun is its end. */
export type PlannedEnd = 'caller' | 'agent' | 'place'

export type RollingPlan = {
  number: number
  carrier: CarrierName
  place: Place
  endsBy: PlannedEnd
  /** Goes on after the old version is gone; a SIP call then ends with the process that holds it. */
  outlives: boolean
  /** From the moment when the call can end to its end. */
  afterMs: number
}

const BY_PLACE: ReadonlySet<Place> = new Set(['departing', 'closing', 'failed'])
const AGENT_SHARE = 0.3
const OUTLIVES_SHARE: Readonly<Record<CarrierName, number>> = { twilio: 0.6, sip: 0.15 }

/** The same options give the same plan: carriers take turns, and over each of them calls take turns at all places. */
export function rollingPlan({ calls, seed }: Pick<RollingOptions, 'calls' | 'seed'>): RollingPlan[] {
  const random = new SeededRandom(seed).fork('rolling')
  return Array.from({ length: calls }, (_, index) => {
    const carrier = index % 2 === 0 ? 'twilio' : 'sip'
    const places = PLACES_OVER[carrier]
    const place = places[Math.floor(index / 2) % places.length] as Place
    const byAgent = random.happens(AGENT_SHARE)
    const outlives = random.happens(OUTLIVES_SHARE[carrier])
    const afterMs = random.between(1_000, 6_000)
    const endsBy = BY_PLACE.has(place) ? 'place' : byAgent ? 'agent' : 'caller'
    return { number: index + 1, carrier, place, endsBy, outlives: outlives && endsBy !== 'place', afterMs }
  })
}
