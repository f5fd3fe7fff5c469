import type { ParseArgsConfig } from 'node:util'
import { readArgs, UsageError } from '../commands/command.ts'

export const SYNOPSIS = 'npm run model -- COMMAND [options]'

export const USAGE = `Walks through a statechart: proves it, finds paths through it, measures what tests cover of it, and draws it.

  npm run model -- check      proves that every state is left in time, that an end is in reach, that no event is lost,
                              that nothing is dead and that the caller never hears nothing for long
    --silence SECONDS           the longest that a caller may hear nothing (default 120)
    --carrier-seconds SECONDS   how long a carrier that is there may take to answer (default 3)
    --ledger FILE               which events may be ignored where (default: the table of the machine's tests)
  npm run model -- paths      finds paths through the chart, as they are or as a test file
    --kind shortest|simple      the shortest path to each state (default), or every path without a circle
    --to STATE                  only paths to this state, such as bridged.talking
    --limit N                   at most so many (default 20)
    --carrier twilio|sip        with --out: play them on the running service over this carrier
    --out FILE                  write a Vitest file
  npm run model -- coverage   tells which states and transitions the tests have gone through, over each carrier
    --paths                     what each path of the tests went through, too
    --svg FILE                  the chart with what was missed standing out
    --json                      as JSON
    --from FOLDER               where the runs left what they measured (default: coverage)
  npm run model -- export     writes the chart down
    --format json|mermaid|svg   Stately's JSON (default), Mermaid's text, or a picture
    --out FILE                  write to this file
  npm run model -- ledger --write
                              writes what the chart does in every place into the tables of its tests
  npm run model -- compat     tells of each state in which calls of another version live whether they go on with this one
    FILE|REVISION               a file that --write has left, or a revision of git, such as HEAD or main
    --write FILE                leave the states of this version in a file, before the chart is changed

  --machine FILE              another chart: a file that exports a machine and, if it likes, inputs, events, identity,
                              ledger and hears; see docs/model-testing.md

The exit status is 0 when all is well, 1 when a check found something or a test missed something, 2 when nothing could be done.`

const DEFAULT_SILENCE_S = 120
/** Twilio opens a stream, and asks again after one broke, within about a second. */
const DEFAULT_CARRIER_S = 3
const DEFAULT_LIMIT = 20

export const CARRIERS = ['twilio', 'sip'] as const
export type CarrierName = (typeof CARRIERS)[number]

const text = { type: 'string' } as const
const flag = { type: 'boolean' } as const
const MACHINE = { machine: text }

const OPTIONS = {
  check: { ...MACHINE, ledger: text, silence: text, 'carrier-seconds': text },
  paths: { ...MACHINE, kind: text, to: text, limit: text, carrier: text, out: text },
  coverage: { json: flag, paths: flag, svg: text, from: text },
  export: { ...MACHINE, format: text, out: text },
  ledger: { write: flag },
  compat: { write: text },
} as const satisfies Record<string, ParseArgsConfig['options']>

export type ModelOptions =
  | {
      command: 'check'
      machine: string | null
      ledger: string | null
      silenceMs: number
      carrierMs: number
    }
  | ({ command: 'paths'; machine: string | null } & PathsOptions)
  | ({ command: 'coverage' } & CoverageOptions)
  | { command: 'ledger' }
  | { command: 'compat'; version: string | null; write: string | null }
  | { command: 'export'; machine: string | null; format: ExportFormat; out: string | null }

type CoverageOptions = { json: boolean; paths: boolean; svg: string | null; from: string | null }

export type PathsOptions = {
  kind: 'shortest' | 'simple'
  to: string | null
  limit: number
  carrier: CarrierName | null
  out: string | null
}

const FORMATS = ['json', 'mermaid', 'svg'] as const
type ExportFormat = (typeof FORMATS)[number]

/** @throws UsageError */
export function readModelOptions([command = '', ...args]: string[]): ModelOptions {
  switch (command) {
    case 'check': {
      const {
        machine = null,
        ledger = null,
        silence,
        'carrier-seconds': carrier,
      } = parsed(args, OPTIONS.check)
      const silenceMs = milliseconds('silence', silence, DEFAULT_SILENCE_S)
      return {
        command,
        machine,
        ledger,
        silenceMs,
        carrierMs: milliseconds('carrier-seconds', carrier, DEFAULT_CARRIER_S),
      }
    }
    case 'paths':
      return pathsOptions(args)
    case 'coverage': {
      const { json = false, paths = false, svg = null, from = null } = parsed(args, OPTIONS.coverage)
      return { command, json, paths, svg, from }
    }
    case 'export': {
      const { machine = null, format = 'json', out = null } = parsed(args, OPTIONS.export)
      return { command, machine, format: oneOf('format', format, FORMATS), out }
    }
    case 'compat':
      return compatOptions(args)
    case 'ledger':
      if (parsed(args, OPTIONS.ledger).write) return { command }
      throw new UsageError('ledger wants --write: it writes the tables of tests/machines/ anew.')
    default: {
      const what = command === '' ? 'What shall be done?' : `There is no "${command}" here.`
      throw new UsageError(`${what} Say one of: ${Object.keys(OPTIONS).join(', ')}.`)
    }
  }
}

function compatOptions(args: string[]): ModelOptions {
  const { values, positionals } = readArgs({ args, options: OPTIONS.compat, allowPositionals: true })
  const { write = null } = values
  const [version = null, ...others] = positionals
  if (others.length > 0 || (version === null) === (write === null))
    throw new UsageError('compat wants a file or a revision to compare with, or --write FILE.')
  return { command: 'compat', version, write }
}

function pathsOptions(args: string[]): ModelOptions {
  const {
    machine = null,
    kind = 'shortest',
    to = null,
    out = null,
    limit,
    carrier,
  } = parsed(args, OPTIONS.paths)
  const count = limit === undefined ? DEFAULT_LIMIT : Number(limit)
  if (!Number.isInteger(count) || count < 1)
    throw new UsageError(`--limit must be a whole number above 0, not "${limit}".`)
  if (carrier !== undefined && machine !== null)
    throw new UsageError(
      '--carrier plays calls on the service, which knows no --machine FILE: leave one of them.',
    )
  return {
    command: 'paths',
    machine,
    to,
    out,
    limit: count,
    kind: oneOf('kind', kind, ['shortest', 'simple']),
    carrier: carrier === undefined ? null : oneOf('carrier', carrier, CARRIERS),
  }
}

const parsed = <Options extends NonNullable<ParseArgsConfig['options']>>(args: string[], options: Options) =>
  readArgs({ args, options }).values

function oneOf<Choice extends string>(name: string, given: string, choices: readonly Choice[]): Choice {
  const choice = choices.find((each) => each === given)
  if (!choice) throw new UsageError(`--${name} must be one of ${choices.join(', ')}, not "${given}".`)
  return choice
}

function milliseconds(name: string, given: string | undefined, otherwise: number): number {
  const seconds = given === undefined ? otherwise : Number(given)
  if (!(seconds > 0 && seconds < Infinity))
    throw new UsageError(`--${name} must be a number of seconds above 0, not "${given}".`)
  return seconds * 1000
}
