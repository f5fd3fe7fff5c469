import { randomInt } from 'node:crypto'
import { readArgs, UsageError } from '../../src/commands/command.ts'

export type FuzzOptions = {
  seed: number
  cases: number
  /** For so long each target is sent cases, however many that makes; null where their number decides. */
  seconds: number | null
  /** The names of the targets; null for all. */
  only: ReadonlySet<string> | null
  /** One case alone, of a target that is named. */
  case: number | null
}

export const FUZZ_SYNOPSIS = 'npm run fuzz -- [options]'

export const FUZZ_USAGE = `Usage: ${FUZZ_SYNOPSIS}

  --cases N       how many cases, over all targets by their weights (100000)
  --seconds N     each target for so long, instead of a number of cases
  --seed N        what they are made of; a new one by default, which is printed
  --only A,B      these targets alone (all)
  --case N        this case of --only alone, as a finding names it

Its last line is one of JSON. The exit code is 0 when nothing crashed and nothing was answered with a server error, 1 otherwise,
2 for wrong options, 3 when the run could not be finished.`

/** @throws UsageError */
export function fuzzOptions(args: string[]): FuzzOptions {
  const text = { type: 'string' } as const
  const { values } = readArgs({
    args,
    options: { cases: text, seconds: text, seed: text, only: text, case: text },
  })
  const only = values.only === undefined ? null : new Set(values.only.split(','))
  if (values.case !== undefined && only?.size !== 1)
    throw new UsageError('--case: name the target that it is of with --only.')
  return {
    seed: wholeIn(values.seed, 'seed') ?? randomInt(1_000_000),
    cases: wholeIn(values.cases, 'cases') ?? 100_000,
    seconds: wholeIn(values.seconds, 'seconds'),
    only,
    case: wholeIn(values.case, 'case'),
  }
}

function wholeIn(value: string | undefined, name: string): number | null {
  if (value === undefined) return null
  if (/^\d{1,9}$/.test(value)) return Number(value)
  throw new UsageError(`--${name}: ${value} is not a whole number of 0 or more.`)
}
