import { readFile, stat, writeFile } from 'node:fs/promises'
import { type CommandLine, runCommand, UsageError } from '../commands/command.ts'
import { readCallFile, writeCallFile } from './call-file.ts'
import { callLine, stepLines, verdictLines } from './print-replay.ts'
import { type RecordedCall, UnreplayableCall } from './recorded-call.ts'
import { regressionOf, writeRegression } from './regression.ts'
import { type Replay, replay } from './replay.ts'
import { type ReplayOptions, readReplayOptions, SYNOPSIS, USAGE } from './replay-options.ts'
import { stepThrough, type Terminal } from './stepper.ts'

/* `npm run replay`; see docs/replay.md. */

/** What the command works in. */
export type Surroundings = CommandLine & {
  terminal: Terminal
  /** Looks a call up in the database of the settings; rejects with UnreplayableCall when that cannot be asked. */
  findCall: (id: string) => Promise<RecordedCall | null>
}

/** More than any call could fill; reading a film by mistake should not take all memory. */
const MAX_FILE_BYTES = 64 * 1024 * 1024

const REPRODUCED = 0
const DIFFERS = 1
const NOTHING_TO_REPLAY = 2

/** Runs the command and resolves with its exit status. */
export async function replayCommand(surroundings: Surroundings): Promise<number> {
  const command = {
    synopsis: SYNOPSIS,
    usage: USAGE,
    read: readReplayOptions,
    run: (options: ReplayOptions) => run(options, surroundings),
  }
  return runCommand(command, surroundings).catch((error: unknown) => {
    if (!(error instanceof UnreplayableCall)) throw error
    surroundings.print(error.message)
    return NOTHING_TO_REPLAY
  })
}

async function run(options: ReplayOptions, { print, terminal, findCall }: Surroundings): Promise<number> {
  const call = await callNamed(options.call, findCall)
  if (options.exportTo) await exportCall(call, options.exportTo, print)
  const replayed = replay(call)
  if (options.json) print(JSON.stringify(replayed, null, 2))
  else if (options.step && terminal.input.isTTY) await stepThrough(replayed, terminal)
  else printAll(replayed, options, print)
  if (options.regression) await fixAsTest(call, replayed, options.regression, print)
  return replayed.firstDifference === null ? REPRODUCED : DIFFERS
}

function printAll(replayed: Replay, { step }: ReplayOptions, print: (line: string) => void): void {
  if (step) print('This is no terminal to step in, so here are all steps.')
  print(callLine(replayed))
  for (const each of replayed.steps) for (const line of stepLines(each, replayed)) print(line)
  for (const line of verdictLines(replayed)) print(line)
}

/** A file of that name, else the call of that id. */
async function callNamed(name: string, findCall: Surroundings['findCall']): Promise<RecordedCall> {
  const file = await stat(name).catch(() => null)
  if (file?.isFile()) return callInFile(name, file.size)
  const call = await findCall(name)
  if (call) return call
  throw new UnreplayableCall(
    `There is no call ${name} in the database of the settings, and no file of that name. The ids of calls are in the console and at /api/v1/calls.`,
  )
}

async function callInFile(file: string, size: number): Promise<RecordedCall> {
  if (size > MAX_FILE_BYTES)
    throw new UnreplayableCall(`${file} has ${size} bytes: no exported call is that long.`)
  try {
    return readCallFile(await readFile(file, 'utf8'))
  } catch (error) {
    throw new UnreplayableCall(`${file}: ${(error as Error).message}`, { cause: error })
  }
}

async function exportCall(call: RecordedCall, file: string, print: (line: string) => void): Promise<void> {
  try {
    await writeFile(file, writeCallFile(call))
  } catch (error) {
    throw new UsageError(`--export ${file} cannot be written: ${(error as Error).message}`)
  }
  print(`Written to ${file}: ${call.events.length} events. Replay it with: npm run replay -- ${file}`)
}

async function fixAsTest(
  call: RecordedCall,
  { firstDifference }: Replay,
  { expected, name, folder }: NonNullable<ReplayOptions['regression']>,
  print: (line: string) => void,
): Promise<void> {
  const { test, fixture, isAnew } = await writeRegression(regressionOf(call, expected, name), folder)
  const again = isAnew ? ' anew, of the same call' : ''
  print(`Written${again}: ${test} and ${fixture}. Run it with: npx vitest run ${test}`)
  if (firstDifference !== null && expected === 'recorded')
    print(
      'It fails until the chart does again what was recorded; to keep what it does now: --fix-as-test --expect today',
    )
}
