import type { HeardAgain } from './chaos-call.ts'
import type { FaultLog } from './fault-log.ts'
import { type Spread, spreadOf } from './figures.ts'
import type { Finding } from './findings.ts'
import type { Leftovers } from './leftovers.ts'

/** The last line of a run. Times are milliseconds, `seconds` and `load` (the machine's, of one minute, at its highest) are not. */
export type Outcome = {
  seed: number
  calls: number
  kills: number
  drains: number
  faults: Record<string, number>
  lost: number
  /** Lost, but the vendor was made to fail twice. */
  excused: number
  doubled: number
  stuck: number
  busy: number
  /** The caller hung up and something else is written. */
  misreported: number
  jobsLeft: number
  voicesLeft: number
  /** Anything else that is left behind, or a node that did not come back. */
  left: number
  heardAgain: Spread
  heardAgainAfterStop: Spread
  heardAgainAfterDrain: Spread
  seconds: number
  load: number
  /** How late the harness was itself; its figures say little when `isLate`. */
  late: { p99: number; max: number; isLate: boolean }
}

/** With another node there, the agent is heard again within so many milliseconds of a kill, 99 times of 100. */
const HEARD_AGAIN_P99_MS = 3_000
const INVARIANTS = [
  ...(['lost', 'doubled', 'stuck', 'busy', 'misreported', 'jobsLeft', 'voicesLeft', 'left'] as const),
]

/** Which of the promises were broken; a harness that was late itself says nothing of times. */
export function brokenIn(outcome: Outcome): string[] {
  const counted = INVARIANTS.filter((name) => outcome[name] > 0)
  const isSlow = outcome.heardAgain.p99 > HEARD_AGAIN_P99_MS && !outcome.late.isLate
  return isSlow ? [...counted, 'heardAgain'] : counted
}

type Known = {
  seed: number
  calls: number
  findings: readonly Finding[]
  leftovers: Leftovers
  faults: FaultLog
  heardAgain: HeardAgain
  late: Outcome['late'] & { seconds: number; load: number }
}

export function outcomeOf({ seed, calls, findings, leftovers, faults, heardAgain, late }: Known): Outcome {
  const count = (what: Finding['broken']) => findings.filter(({ broken }) => broken === what).length
  const { jobs, voices, other } = leftovers
  const { kill: kills = 0, drain: drains = 0, ...others } = faults.counts
  const { seconds, load, ...lateness } = late
  return {
    seed,
    calls,
    kills,
    drains,
    faults: others,
    lost: count('lost'),
    excused: count('excused'),
    doubled: count('doubled'),
    stuck: count('stuck'),
    busy: count('busy'),
    misreported: count('misreported'),
    jobsLeft: jobs.length,
    voicesLeft: voices.length,
    left: other.length,
    heardAgain: spreadOf(heardAgain.kill),
    heardAgainAfterStop: spreadOf(heardAgain.stop),
    heardAgainAfterDrain: spreadOf(heardAgain.drain),
    seconds,
    load,
    late: lateness,
  }
}
