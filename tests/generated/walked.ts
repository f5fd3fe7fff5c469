import type { CallInput } from '../../machines/call-events.ts'
import { type AnyEvent, begin, feed } from '../../src/model/call-model.ts'
import type { CallPath } from '../../src/model/call-paths.ts'
import { cellOf, isBesideTransfer } from '../../src/model/table-labels.ts'
import type { RecordedEvent } from '../../src/persistence/call-queries.ts'
import { EVENT_COLUMNS } from '../machines/call-rows.ts'
import { CALL_TABLE } from '../machines/call-table.ts'
import { CALL_ELEMENTS, elementsOfBeginning, elementsOfStep } from '../support/call-coverage.ts'

/*
 * How much of the chart was gone through, reckoned from what the service itself wrote down: the input with which each call
 * began and the events that changed it, in order.
 */

type Share = { of: string; walked: number; all: number }

export type Walked = { shares: Share[]; missed: string[] }

export type Played = { path: CallPath; events: RecordedEvent[] }

export function walkedIn(played: Played[]): Walked {
  const walks = played.map(({ events }) => walkOf(events))
  const elements = new Set(walks.flatMap((walk) => walk.elements))
  const cells = new Set(walks.flatMap((walk) => walk.cells))
  const parts = [
    { of: 'states', seen: elements, all: CALL_ELEMENTS.states },
    { of: 'transitions', seen: elements, all: CALL_ELEMENTS.transitions },
    { of: 'table cells', seen: cells, all: cellsThatChange() },
  ]
  return {
    shares: parts.map(({ of, seen, all }) => ({
      of,
      walked: all.filter((each) => seen.has(each)).length,
      all: all.length,
    })),
    missed: parts.flatMap(({ seen, all }) => all.filter((each) => !seen.has(each))),
  }
}

/** The states and transitions, by their ids, and the cells of the table that a call went through. */
export function walkOf([began, ...events]: Pick<RecordedEvent, 'event'>[]): {
  elements: string[]
  cells: string[]
} {
  if (!began) throw new Error('A call without a beginning was written down.')
  const { input } = began.event as { input: CallInput }
  const elements = elementsOfBeginning(input)
  const cells: string[] = []
  let { snapshot } = begin(input)
  for (const recorded of events) {
    const event = recorded.event as AnyEvent
    elements.push(...elementsOfStep(snapshot, event))
    cells.push(cellOf(snapshot, event))
    snapshot = feed(snapshot, event).snapshot
  }
  return { elements: [...new Set(elements)], cells }
}

function cellsThatChange(): string[] {
  const columns = new Set<string>(EVENT_COLUMNS)
  return Object.entries(CALL_TABLE).flatMap(([row, cells]) =>
    Object.entries(cells)
      .filter(([column, cell]) => cell !== 'ignored' && (columns.has(column) || /^[A-Z_]+$/.test(column)))
      .map(([column]) => `${row}: ${column}`)
      .filter((cell) => !isBesideTransfer(cell)),
  )
}

/** The table that a run prints. */
export function reportOf({ shares }: Pick<Walked, 'shares'>, played: Played[]): string {
  const parties = Map.groupBy(
    played.flatMap(({ path }) => path.steps),
    ({ party }) => party,
  )
  const steps = [...parties].map(([party, done]) => `${party} ${done.length}`).sort()
  const lines = [
    `Paths of the statechart on the running service: ${played.length}`,
    ...shares.map(({ of, walked, all }) => `  ${of.padEnd(12)} ${`${walked}`.padStart(4)} of ${all}`),
    `  steps by party: ${steps.join(', ')}`,
  ]
  return `\n${lines.join('\n')}\n\n`
}
