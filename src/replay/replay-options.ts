import { readArgs, UsageError } from '../commands/command.ts'
import type { Expected } from './regression.ts'

export type ReplayOptions = {
  /** Our id of a call, its carrier's, or a file that it was exported to. */
  call: string
  exportTo: string | null
  step: boolean
  json: boolean
  regression: { name: string | null; folder: string; expected: Expected } | null
}

const REGRESSIONS = 'tests/regressions'

export const SYNOPSIS = 'npm run replay -- CALL [options]'

export const USAGE = `Steps a recorded call through the statechart of today, and says where that no longer does what it did.

  ${SYNOPSIS}

  CALL            the id of a call in the database of the settings (the carrier's id does too), or an exported file

  --export FILE   write the call to a file that can be replayed elsewhere
  --step          step forward and back with the keys of the terminal
  --json          print the replay as JSON
  --fix-as-test   write a regression test of it, without personal data, into ${REGRESSIONS}
  --name NAME     what to call the test (default: how the call ended)
  --into FOLDER   where to write the test
  --expect WHAT   what the test holds the chart to: recorded (default), or today for what the chart makes of it now

The exit status is 0 when every recorded state was reproduced, 1 when not, 2 when there is nothing to replay.`

/** @throws UsageError */
export function readReplayOptions(args: string[]): ReplayOptions {
  const { values, positionals } = parsed(args)
  const [call, ...more] = positionals
  if (!call) throw new UsageError('Which call? Give its id or an exported file.')
  if (more.length > 0) throw new UsageError(`One call at a time, not also ${more.join(' ')}.`)
  const { name = null, into = REGRESSIONS, expect = 'recorded' } = values
  if (expect !== 'recorded' && expect !== 'today')
    throw new UsageError(`--expect is recorded or today, not "${expect}".`)
  if (name !== null && !/^[a-z0-9][a-z0-9-]*$/.test(name))
    throw new UsageError(`--name must be in small letters, digits and dashes, not "${name}".`)
  return {
    call,
    exportTo: values.export ?? null,
    step: values.step ?? false,
    json: values.json ?? false,
    regression: values['fix-as-test'] ? { name, folder: into, expected: expect } : null,
  }
}

function parsed(args: string[]) {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const names = { export: text, name: text, into: text, expect: text, step: flag, json: flag }
  return readArgs({ args, allowPositionals: true, options: { ...names, 'fix-as-test': flag } })
}
