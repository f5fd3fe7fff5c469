import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ChartDefinition } from '../actors/chart-definition.ts'
import type { ChartCoverage } from './carrier-coverage.ts'
import { chartGraph } from './chart-graph.ts'

/*
 * Which states and transitions of a chart the tests have gone through on the running service. Each run over a carrier
 * leaves a file of what the service itself wrote down; they are put together here.
 */

/** Where runs leave what they measured. */
export const COVERAGE_FOLDER = fileURLToPath(new URL('../../coverage/', import.meta.url))

/** What one run over one carrier went through. */
export type MeasuredRun = {
  chart: string
  /** Tells the chart from one that was changed since. */
  fingerprint: string
  carrier: string
  /** ISO 8601. */
  at: string
  /** Each path that was played, with the ids of the states and transitions that it went through, in order, each once. */
  paths: { name: string; elements: string[] }[]
  /** The ids of what no call over this carrier can go through. */
  never: string[]
}

export const fingerprintOf = (definition: ChartDefinition): string =>
  createHash('sha256').update(JSON.stringify(definition)).digest('hex')

/** A file that a run left was cut or edited; the message says which, and what to do. */
export class UnreadableRun extends Error {
  override readonly name = 'UnreadableRun'
}

/** The latest run over each carrier; none when nothing was measured here. Rejects with UnreadableRun. */
export async function readRuns(chart: string, folder = COVERAGE_FOLDER): Promise<MeasuredRun[]> {
  const names = await readdir(folder).catch(() => [])
  const files = names.filter((name) => name.startsWith(`chart-${chart}-`) && name.endsWith('.json'))
  return Promise.all(
    files.sort().map(async (name) => runIn(join(folder, name), await readFile(join(folder, name), 'utf8'))),
  )
}

function runIn(file: string, text: string): MeasuredRun {
  try {
    const run = JSON.parse(text) as MeasuredRun
    const isWhole = run.paths.every(
      ({ name, elements }) => typeof name === 'string' && Array.isArray(elements),
    )
    if (isWhole && Array.isArray(run.never)) return run
  } catch {
    // What follows says it.
  }
  throw new UnreadableRun(
    `${file} is not what a run of the tests left: it was cut or edited. Delete it and run npx vitest run tests/generated.`,
  )
}

export function coverageOf(definition: ChartDefinition, runs: MeasuredRun[]): ChartCoverage {
  const { id, version, states, transitions } = chartGraph(definition)
  const fingerprint = fingerprintOf(definition)
  return {
    chart: id,
    version,
    carriers: runs.map((run) => {
      const counts = Map.groupBy(
        run.paths.flatMap(({ elements }) => elements),
        (element) => element,
      )
      const counted = (parts: { id: string }[]) =>
        Object.fromEntries(
          parts
            .filter((part) => !run.never.includes(part.id))
            .map((part) => [part.id, counts.get(part.id)?.length ?? 0]),
        )
      return {
        carrier: run.carrier,
        at: run.at,
        isOfThisChart: run.fingerprint === fingerprint,
        paths: run.paths.length,
        never: run.never,
        states: counted(states),
        transitions: counted(transitions),
      }
    }),
  }
}
