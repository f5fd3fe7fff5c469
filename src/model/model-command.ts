import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { callSystem } from '../../machines/call/call-system.ts'
import type { CallLimits } from '../../machines/call-events.ts'
import { systemDefinition } from '../actors/chart-definition.ts'
import { systemOf } from '../actors/machine-system.ts'
import { type CommandLine, runCommand, UsageError } from '../commands/command.ts'
import { leastOf } from './carrier-coverage.ts'
import { chartGraph } from './chart-graph.ts'
import { chartSvg } from './chart-svg.ts'
import { checkChart, reportLines } from './check-chart.ts'
import { compatReport } from './compat.ts'
import { coverageOf, readRuns, UnreadableRun } from './coverage.ts'
import { TooManyStates } from './explore.ts'
import { findPaths } from './find-paths.ts'
import { formatFiles } from './format-files.ts'
import { liveStatesIn, liveStatesOf } from './live-states.ts'
import { type LoadedChart, loadChart, loadLedger, ownChart } from './load-chart.ts'
import { mermaidOf } from './mermaid.ts'
import { CARRIERS, type ModelOptions, readModelOptions, SYNOPSIS, USAGE } from './model-options.ts'
import { carrierTestFile, chartTestFile, linesOfPath } from './paths-file.ts'
import { coverageLines, isWhole, NOTHING_MEASURED, pathLines } from './print-coverage.ts'
import { statelyJson } from './stately-json.ts'
import { UnusableChart } from './unusable-chart.ts'
import { writeLedger } from './write-ledger.ts'

/* `npm run model`; see docs/model-testing.md. */

/** What the command works in. */
export type Surroundings = CommandLine & {
  /** The bounds that the service would give a call. */
  limits: CallLimits
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The table of the machine's own tests says of every state what it ignores. */
const CALL_LEDGER = fileURLToPath(new URL('../../tests/machines/call-table.ts', import.meta.url))

const ALL_WELL = 0
const FOUND = 1
const NOTHING_DONE = 2

type Asked<Command extends ModelOptions['command']> = Extract<ModelOptions, { command: Command }>

/** Runs the command and resolves with its exit status. */
export async function modelCommand(surroundings: Surroundings): Promise<number> {
  const command = {
    synopsis: SYNOPSIS,
    usage: USAGE,
    read: readModelOptions,
    run: (options: ModelOptions) => run(options, surroundings),
  }
  return runCommand(command, surroundings).catch((error: unknown) => {
    if (!isExpected(error)) throw error
    surroundings.print((error as Error).message)
    return NOTHING_DONE
  })
}

const isExpected = (error: unknown): boolean =>
  [UnusableChart, UnreadableRun, TooManyStates].some((kind) => error instanceof kind)

async function run(options: ModelOptions, surroundings: Surroundings): Promise<number> {
  switch (options.command) {
    case 'check':
      return check(options, surroundings)
    case 'paths':
      return paths(options, surroundings)
    case 'coverage':
      return coverage(options, surroundings)
    case 'export':
      return exportChart(options, surroundings)
    case 'compat':
      return compat(options, surroundings)
    case 'ledger':
      for (const file of await writeLedger()) surroundings.print(`Written: ${file}.`)
      return ALL_WELL
  }
}

const chartOf = (file: string | null, limits: CallLimits): Promise<LoadedChart> | LoadedChart =>
  file === null ? ownChart(limits) : loadChart(file, limits)

async function check(options: Asked<'check'>, { print, limits }: Surroundings): Promise<number> {
  const loaded = await chartOf(options.machine, limits)
  const file = options.ledger ?? (loaded.isCall && loaded.ledger === null ? CALL_LEDGER : null)
  const ledger = file === null ? loaded.ledger : await loadLedger(file)
  const report = checkChart(loaded.model, { ...options, ledger })
  for (const line of reportLines(report)) print(line)
  return report.checks.some(({ findings }) => findings.length > 0) ? FOUND : ALL_WELL
}

async function paths(options: Asked<'paths'>, { print, limits }: Surroundings): Promise<number> {
  const loaded = await chartOf(options.machine, limits)
  const found = pathsOf(loaded, options)
  if (found.length === 0) {
    print('There is no such path.')
    return FOUND
  }
  const { out, carrier } = options
  if (out === null) for (const path of found) for (const line of linesOfPath(path, loaded.model)) print(line)
  else {
    const file = carrier
      ? carrierTestFile(found, loaded.model, { out, carrier })
      : chartTestFile(found, loaded.model, { out, machine: loaded.machine })
    await write(out, file, print)
    await formatFiles([out])
    print(`${found.length} paths; run them with: npx vitest run ${out}`)
  }
  return ALL_WELL
}

/** A search stops where the chart fails; the check goes on and tells all such places. */
function pathsOf({ model }: LoadedChart, options: Asked<'paths'>) {
  try {
    return findPaths(model, options)
  } catch (error) {
    if (isExpected(error)) throw error
    const message = (error as Error).message.replaceAll(/\s*\n\s*/g, ' ')
    throw new UnusableChart(`The chart fails on the way: ${message} \`check\` tells where.`, { cause: error })
  }
}

async function coverage(
  { json, paths, svg, from }: Asked<'coverage'>,
  { print }: Surroundings,
): Promise<number> {
  const definition = systemDefinition(callSystem)
  const runs = await readRuns(definition.id, from ?? undefined)
  const found = coverageOf(definition, runs)
  if (runs.length === 0 && !json) {
    print(NOTHING_MEASURED)
    return NOTHING_DONE
  }
  if (json) print(JSON.stringify(found, null, 2))
  else for (const line of coverageLines(found, CARRIERS)) print(line)
  if (paths) for (const run of runs) for (const line of pathLines(run)) print(line)
  if (svg !== null) await write(svg, await chartSvg(definition, leastOf(found.carriers)), print)
  if (runs.length === 0) return NOTHING_DONE
  return isWhole(found, CARRIERS) ? ALL_WELL : FOUND
}

async function exportChart(
  { machine, format, out }: Asked<'export'>,
  { print, limits }: Surroundings,
): Promise<number> {
  const { model, part } = await chartOf(machine, limits)
  // A machine of the call is drawn alone: `export` without a file draws them all.
  const definition = systemDefinition(part ? systemOf(part) : model.system)
  const text = await {
    json: () => `${JSON.stringify(statelyJson(definition), null, 2)}\n`,
    mermaid: () => mermaidOf(chartGraph(definition)),
    svg: () => chartSvg(definition),
  }[format]()
  if (out === null) print(text.trimEnd())
  else await write(out, text, print)
  return ALL_WELL
}

async function compat({ version, write: file }: Asked<'compat'>, { print }: Surroundings): Promise<number> {
  if (file !== null) {
    const states = await liveStatesIn(ROOT)
    await write(file, `${states.map((state) => JSON.stringify(state)).join('\n')}\n`, print)
    return ALL_WELL
  }
  const { lines, isWhole } = compatReport(await liveStatesOf(version ?? ''))
  for (const line of lines) print(line)
  return isWhole ? ALL_WELL : FOUND
}

async function write(file: string, text: string, print: (line: string) => void): Promise<void> {
  try {
    await writeFile(file, text)
  } catch (error) {
    throw new UsageError(`--out ${file} cannot be written: ${(error as Error).message}`)
  }
  print(`Written: ${file}.`)
}
