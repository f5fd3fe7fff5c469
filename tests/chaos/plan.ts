import type { ChaosOptions } from './options.ts'
import { SeededRandom } from './seeded-random.ts'

/*
 * What a run does, decided before it begins: the same seed and sizes give the same plan. When a fault is over depends on
 * the machine, so each is begun at its time or as soon as the one before it in its lane is over.
 */

/** When a caller hangs up: so long after this moment of the call, or together with the next kill. */
export type HangUpAt = 'greeting' | 'hold' | 'joining' | 'talking' | 'kill'

export type PlannedCall = {
  number: number
  atMs: number
  /** Which of the voices on file the caller has; null for a caller without one. */
  voice: number | null
  endsBy: 'caller' | 'agent'
  hangsUpAt: HangUpAt
  afterMs: number
}

export type NodeFault = { atMs: number; share: number } & (
  | { kind: 'kill'; deadMs: number; clockMs: number }
  | { kind: 'drain'; clockMs: number }
  | { kind: 'stop'; forMs: number }
  | { kind: 'cut'; forMs: number; how: 'refuse' | 'freeze' | 'swallow' | 'cut'; whom: 'one' | 'all' }
)

export const VENDOR_FAULTS = {
  'agent-dropped': 4,
  'agent-dropped-twice': 1,
  'agent-refused-once': 3,
  'agent-away-1s': 2,
  'voice-refused': 2,
  'voice-deleted': 2,
  'clone-fails': 2,
  'clone-hangs': 1,
  'clone-slow': 2,
} as const
type VendorFault = keyof typeof VENDOR_FAULTS

export const CARRIER_FAULTS = {
  'response-lost': 3,
  'webhooks-repeated': 2,
  'status-untold': 2,
  'rest-refused': 2,
  'rest-hangs': 1,
  'stream-dropped': 4,
} as const
type CarrierFault = keyof typeof CARRIER_FAULTS

export type WorldFault = { atMs: number; share: number; forMs: number } & (
  | { lane: 'vendor'; kind: VendorFault }
  | { lane: 'carrier'; kind: CarrierFault }
  | { lane: 'database'; kind: 'listen-ended' }
)

export type Plan = {
  durationMs: number
  voices: number
  calls: PlannedCall[]
  nodeFaults: NodeFault[]
  worldFaults: WorldFault[]
}

/** How long the lane of nodes is busy with one fault, about: a start takes two seconds on a busy machine. */
const LANE_MS = { kill: 4_000, drain: 8_000, stop: 13_000, cut: 10_000 } as const
const MINUTE_OFF_MS = 60_000

export function planOf(options: ChaosOptions): Plan {
  const random = new SeededRandom(options.seed)
  const { calls, rate, kills, drains, stops, cuts } = options
  const laneMs = kills * LANE_MS.kill + drains * LANE_MS.drain + stops * LANE_MS.stop + cuts * LANE_MS.cut
  const durationMs = Math.round(Math.max((calls / rate) * 1000, laneMs))
  const voices = Math.ceil(calls / 5)
  return {
    durationMs,
    voices,
    calls: plannedCalls(random.fork('calls'), { calls, durationMs, voices }),
    nodeFaults: nodeFaults(random.fork('nodes'), options, durationMs),
    worldFaults: [
      ...vendorFaults(random.fork('vendor'), options, durationMs),
      ...carrierFaults(random.fork('carrier'), options, durationMs),
      ...spread(random.fork('sessions'), options.sessions, durationMs).map(
        (when) => ({ ...when, forMs: 0, lane: 'database', kind: 'listen-ended' }) as const,
      ),
    ],
  }
}

function plannedCalls(
  random: SeededRandom,
  { calls, durationMs, voices }: { calls: number; durationMs: number; voices: number },
): PlannedCall[] {
  const gaps = Array.from({ length: calls }, () => random.exponential(1))
  const total = gaps.reduce((sum, gap) => sum + gap, 0)
  let at = 0
  return gaps.map((gap, index) => {
    at += (gap / total) * durationMs
    return { number: index + 1, atMs: Math.round(at), ...whoAndHow(random, voices) }
  })
}

function whoAndHow(random: SeededRandom, voices: number) {
  const voice = random.happens(0.4) ? random.between(0, voices - 1) : null
  const hangsUpAt = random.weighted<HangUpAt>({
    talking: 70,
    kill: 8,
    greeting: 8,
    joining: 8,
    hold: voice === null ? 0 : 12,
  })
  const talkMs = Math.round(Math.min(20_000, 1_000 + random.exponential(6_000)))
  const momentMs = random.between(0, 600)
  const endsBy = hangsUpAt === 'talking' && random.happens(0.2) ? 'agent' : 'caller'
  return { voice, hangsUpAt, endsBy, afterMs: hangsUpAt === 'talking' ? talkMs : momentMs } as const
}

function nodeFaults(random: SeededRandom, options: ChaosOptions, durationMs: number): NodeFault[] {
  const { kills, drains, stops, cuts, clocks } = options
  const starts = kills + drains
  const kinds = shuffled(random, { kill: kills, drain: drains, stop: stops, cut: cuts })
  return spread(random, kinds.length, durationMs).map((when, index): NodeFault => {
    const kind = kinds[index] as NodeFault['kind']
    const isOff = random.happens(clocks / Math.max(1, starts))
    const clockMs = isOff ? random.pick([-MINUTE_OFF_MS, MINUTE_OFF_MS]) : 0
    if (kind === 'kill') return { ...when, kind, deadMs: random.between(0, 2_000), clockMs }
    if (kind === 'drain') return { ...when, kind, clockMs }
    if (kind === 'stop') return { ...when, kind, forMs: random.between(5_000, 20_000) }
    const how = random.pick(['refuse', 'freeze', 'swallow', 'cut'] as const)
    const whom = random.happens(0.3) ? 'all' : 'one'
    return { ...when, kind, how, whom, forMs: how === 'cut' ? 0 : random.between(2_000, 15_000) }
  })
}

function vendorFaults(
  random: SeededRandom,
  { vendor, only }: ChaosOptions,
  durationMs: number,
): WorldFault[] {
  const weights = wanted(VENDOR_FAULTS, only)
  return spread(random, weights ? vendor : 0, durationMs).map((when) => {
    const kind = random.weighted(weights ?? VENDOR_FAULTS)
    const forMs = kind === 'agent-away-1s' ? 1_000 : random.between(2_000, 6_000)
    return { ...when, lane: 'vendor', kind, forMs }
  })
}

function carrierFaults(
  random: SeededRandom,
  { carrier, only }: ChaosOptions,
  durationMs: number,
): WorldFault[] {
  const weights = wanted(CARRIER_FAULTS, only)
  return spread(random, weights ? carrier : 0, durationMs).map((when) => ({
    ...when,
    lane: 'carrier',
    kind: random.weighted(weights ?? CARRIER_FAULTS),
    forMs: random.between(1_000, 5_000),
  }))
}

/** Those of the kinds that are asked for; null when none is. */
function wanted<Kind extends string>(
  weights: Readonly<Record<Kind, number>>,
  only: ChaosOptions['only'],
): Record<Kind, number> | null {
  const left = Object.entries(weights).filter(([kind]) => only?.has(kind) ?? true)
  return left.length === 0 ? null : (Object.fromEntries(left) as Record<Kind, number>)
}

/** Moments one after the other, one at random in each of equal parts of the run; none in its first and last tenth. */
function spread(random: SeededRandom, count: number, durationMs: number) {
  const part = (durationMs * 0.8) / Math.max(1, count)
  return Array.from({ length: count }, (_, index) => ({
    atMs: Math.round(durationMs * 0.1 + (index + random.next()) * part),
    share: random.next(),
  }))
}

function shuffled<Kind extends string>(random: SeededRandom, counts: Record<Kind, number>): Kind[] {
  const kinds = Object.entries<number>(counts).flatMap(([kind, count]) =>
    Array.from({ length: count }, () => kind as Kind),
  )
  for (let last = kinds.length - 1; last > 0; last--) {
    const other = random.between(0, last)
    ;[kinds[last], kinds[other]] = [kinds[other] as Kind, kinds[last] as Kind]
  }
  return kinds
}
