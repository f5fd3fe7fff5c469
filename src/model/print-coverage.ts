import { type CarrierCoverage, type ChartCoverage, leastOf, missedOf, shareOf } from './carrier-coverage.ts'
import { transitionWords } from './chart-graph.ts'
import type { MeasuredRun } from './coverage.ts'

/* Coverage as a table for a terminal: a line for each state and transition, a column for each carrier. */

const MEASURE = 'npx vitest run tests/generated'

export const NOTHING_MEASURED = `Nothing was measured here yet: run ${MEASURE}, which plays the generated paths over each carrier, and ask again.`

/** `wanted` are the carriers that should have been measured. */
export function coverageLines(coverage: ChartCoverage, wanted: readonly string[]): string[] {
  const columns = wanted.map(
    (name) => [name, coverage.carriers.find(({ carrier }) => carrier === name)] as const,
  )
  const least = leastOf(coverage.carriers)
  const ids = { states: Object.keys(least?.states ?? {}), transitions: Object.keys(least?.transitions ?? {}) }
  const width = Math.max(...[...ids.states, ...ids.transitions].map((id) => transitionWords(id).length), 20)
  const row = (label: string, cell: (column: CarrierCoverage) => string) =>
    [label.padEnd(width), ...columns.map(([, column]) => (column ? cell(column) : '-').padStart(9))].join(' ')
  return [
    [`Chart ${coverage.chart}`.padEnd(width), ...wanted.map((name) => name.padStart(9))].join(' '),
    ...(['states', 'transitions'] as const).flatMap((part) => [
      row(part, (column) => share(column[part])),
      ...ids[part].map((id) => row(`  ${transitionWords(id)}`, (column) => `${column[part][id] ?? 'never'}`)),
    ]),
    row('paths played', ({ paths }) => `${paths}`),
    ...columns.flatMap(([name, column]) => verdictLines(name, column)),
  ]
}

/** What each path went through, and what no other path of its carrier did. */
export function pathLines({ carrier, paths }: MeasuredRun): string[] {
  const counts = Map.groupBy(
    paths.flatMap(({ elements }) => elements),
    (element) => element,
  )
  return paths.flatMap(({ name, elements }) => {
    const alone = elements.filter((element) => counts.get(element)?.length === 1)
    const transitions = elements.filter((element) => element.includes(' on ')).length
    return [
      `${carrier}: ${name}: ${elements.length - transitions} states, ${transitions} transitions`,
      ...alone.map((element) => `  alone in ${transitionWords(element)}`),
    ]
  })
}

export const isWhole = (coverage: ChartCoverage, wanted: readonly string[]): boolean =>
  wanted.every((name) =>
    coverage.carriers.some(
      (column) => column.carrier === name && column.isOfThisChart && missedOf(column).length === 0,
    ),
  )

function verdictLines(name: string, column: CarrierCoverage | undefined): string[] {
  if (!column) return [`Nothing was measured over ${name} yet: run ${MEASURE}.`]
  const { isOfThisChart, at } = column
  if (!isOfThisChart) return [`What was measured over ${name} at ${at} is of another chart: run ${MEASURE}.`]
  const missed = missedOf(column)
  if (missed.length > 0)
    return [`Over ${name} nothing came by:`, ...missed.map((id) => `  ${transitionWords(id)}`)]
  const { length } = column.never
  return [`Over ${name} everything was gone through${length > 0 ? ` but ${length} that it never has` : ''}.`]
}

function share(counts: Record<string, number>): string {
  const { gone, all } = shareOf(counts)
  return `${gone} of ${all}`
}
