import { randomInt } from 'node:crypto'
import { readArgs, UsageError } from '../../../src/commands/command.ts'

export type RollingOptions = {
  /** The older version, as git knows it. */
  from: string
  calls: number
  seed: number
  /** Where what the nodes print is kept; nowhere by default. */
  logs: string | null
}

export const ROLLING_SYNOPSIS = 'npm run chaos -- rolling --from REV [options]'

export const ROLLING_USAGE = `Usage: ${ROLLING_SYNOPSIS}

  --from REV      the older version, which takes the calls; REV is what git knows
  --calls N       calls, over both carriers and in every place that a call can be in (50)
  --seed N        how calls end, and when; a new one by default, which is printed
  --logs FOLDER   keeps there what both versions print`

/** @throws UsageError */
export function rollingOptions(args: string[]): RollingOptions {
  const names = ['from', 'calls', 'seed', 'logs'] as const
  const { values } = readArgs({
    args,
    options: Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
  })
  const { from, calls = '50', seed = `${randomInt(1_000_000)}`, logs = null } = values
  if (typeof from !== 'string') throw new UsageError('--from: say which version is updated.')
  return {
    from,
    calls: wholeNumber('calls', calls, 1),
    seed: wholeNumber('seed', seed, 0),
    logs: logs === null ? null : `${logs}`,
  }
}

function wholeNumber(name: string, value: unknown, least: number): number {
  const found = Number(value)
  if (Number.isInteger(found) && found >= least) return found
  throw new UsageError(`--${name}: ${value} is not a whole number of ${least} or more.`)
}
