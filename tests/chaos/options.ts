import { randomInt } from 'node:crypto'
import { readArgs, UsageError } from '../../src/commands/command.ts'

/** How large a run is, and what goes wrong in it. */
export type ChaosOptions = {
  seed: number
  calls: number
  /** How many calls come in a second, on average. */
  rate: number
  nodes: number
  /** Nodes killed by SIGKILL and started again. */
  kills: number
  /** Nodes replaced by another and told to stop. */
  drains: number
  /** Nodes held by SIGSTOP for seconds. */
  stops: number
  /** Times that one node, or all, are cut off from the database. */
  cuts: number
  /** Times that the database ends the sessions in which nodes listen. */
  sessions: number
  vendor: number
  carrier: number
  /** Starts of a node whose clock is off by a minute. */
  clocks: number
  /** How often the load balancer looks at each node's health. */
  lookMs: number
  /** How fast carrier and vendor live; 1 is real time. */
  timeScale: number
  /** The kinds of vendor's and carrier's faults that are chosen from; null for all. */
  only: ReadonlySet<string> | null
  /** Where what the nodes print is kept; nowhere by default. */
  logs: string | null
}

export const CHAOS_SYNOPSIS = 'npm run chaos -- [options]'

export const CHAOS_USAGE = `Usage: ${CHAOS_SYNOPSIS}

  --seed N        the schedule of calls and faults; a new one by default, which is printed
  --calls N       calls (200)
  --rate N        calls a second, on average (2.5)
  --nodes N       nodes on one database (2)
  --kills N       nodes killed and started again (a twentieth of the calls)
  --drains N      nodes replaced and told to stop (a hundredth)
  --stops N       nodes stopped by SIGSTOP for 5 to 20 s (a tenth of the kills)
  --cuts N        nodes cut off from the database (a tenth of the kills)
  --sessions N    listening sessions that the database ends (a tenth of the kills)
  --clocks N      starts of a node with a clock that is a minute off (a tenth of the kills)
  --vendor N      faults of the voice vendor (a fortieth of the calls)
  --carrier N     faults of the carrier (a fortieth of the calls)
  --only A,B      the kinds of those two that are chosen from (all)
  --look-ms N     how often the load balancer looks at /health (250)
  --time-scale N  how fast carrier and vendor live: 1 is real time, 0.5 twice as fast (1)
  --logs FOLDER   keeps there what the nodes print

npm run chaos -- rolling --from REV updates an older version under live calls; rolling --help tells more.`

const COUNTS = ['kills', 'drains', 'stops', 'cuts', 'sessions', 'clocks', 'vendor', 'carrier'] as const

/** @throws UsageError */
export function chaosOptions(args: string[]): ChaosOptions {
  const names = ['seed', 'calls', 'rate', 'nodes', ...COUNTS, 'only', 'look-ms', 'time-scale', 'logs']
  const { values } = readArgs({
    args,
    options: Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
  })
  const number = (name: string, byDefault: number) => numberIn(values[name], name, byDefault)
  const options = {
    seed: number('seed', randomInt(1_000_000)),
    calls: number('calls', 200),
    rate: number('rate', 2.5),
    nodes: number('nodes', 2),
    lookMs: number('look-ms', 250),
    timeScale: number('time-scale', 1),
    only: typeof values.only === 'string' ? new Set(values.only.split(',')) : null,
    logs: typeof values.logs === 'string' ? values.logs : null,
  }
  if (options.nodes < 2) throw new UsageError('--nodes: chaos needs two nodes at least, one to live on.')
  return withCounts(options, Object.fromEntries(COUNTS.map((name) => [name, values[name]])))
}

type Sizes = Omit<ChaosOptions, (typeof COUNTS)[number]>

/** How much goes wrong where nothing is said of it follows from the number of calls. */
function withCounts(sizes: Sizes, given: Record<string, unknown>): ChaosOptions {
  const count = (name: (typeof COUNTS)[number], share: number) =>
    numberIn(given[name], name, Math.ceil(share))
  const kills = count('kills', sizes.calls / 20)
  return {
    ...sizes,
    kills,
    drains: count('drains', sizes.calls / 100),
    stops: count('stops', kills / 10),
    cuts: count('cuts', kills / 10),
    sessions: count('sessions', kills / 10),
    clocks: count('clocks', kills / 10),
    vendor: count('vendor', sizes.calls / 40),
    carrier: count('carrier', sizes.calls / 40),
  }
}

function numberIn(value: unknown, name: string, byDefault: number): number {
  const found = value === undefined ? byDefault : Number(value)
  if (Number.isFinite(found) && found >= 0) return found
  throw new UsageError(`--${name}: ${value} is not a number of 0 or more.`)
}
