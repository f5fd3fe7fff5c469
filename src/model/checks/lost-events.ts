import type { EventObject } from 'xstate'
import type { SystemSnapshot } from '../../actors/machine-system.ts'
import { isTimer } from '../../actors/timer-id.ts'
import type { ChartModel, Explored } from '../explore.ts'
import type { Checked, Finding } from './finding.ts'

/*
 * What a state ignores is written down. A ledger says, for each place, which events may be said there to no effect;
 * everything else must be handled.
 */

/** By place and event; a cell that is not `ignored` tells what becomes of the event. */
export type Ledger = {
  file: string
  cells: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** By state: what other machines may say to it to no effect. */
  messages?: Readonly<Record<string, readonly string[]>>
}

type Names<Snapshot extends SystemSnapshot> = Pick<ChartModel<Snapshot>, 'rowName' | 'columnName'>

export function checkLostEvents<Snapshot extends SystemSnapshot>(
  names: Names<Snapshot>,
  graphs: Explored<Snapshot>[],
  ledger: Ledger | null,
): Checked {
  const rule = 'no event lost'
  const ignored = cellsOf(
    graphs.flatMap((graph) => graph.ignored),
    names,
  )
  const count = [...ignored.values()].reduce((sum, events) => sum + events.size, 0)
  if (!ledger) {
    const answer = `${count} events are ignored somewhere, and no ledger says whether they may be: name one with --ledger, or export \`ledger\` beside the machine`
    return { rule, findings: [], answer, isSkipped: true }
  }
  const taken = cellsOf(
    graphs.flatMap((graph) => graph.edges),
    names,
  )
  return {
    rule,
    findings: [...lost(ignored, ledger), ...outdated(taken, ledger)],
    answer: `the ${count} events that are ignored somewhere are in the ledger, ${ledger.file}`,
  }
}

type Cells = Map<string, Set<string>>

function cellsOf<Snapshot extends SystemSnapshot>(
  happenings: { from: Snapshot; event: EventObject }[],
  { rowName, columnName }: Names<Snapshot>,
): Cells {
  const cells: Cells = new Map()
  for (const { from, event } of happenings) {
    if (isTimer(event)) continue
    const row = rowName(from)
    cells.set(row, (cells.get(row) ?? new Set()).add(columnName(event)))
  }
  return cells
}

function lost(ignored: Cells, { file, cells }: Ledger): Finding[] {
  return [...ignored].flatMap(([row, events]) => {
    const written = cells[row]
    const unwritten = [...events].filter((event) => written?.[event] !== 'ignored')
    if (unwritten.length === 0) return []
    const why = written
      ? `ignores ${unwritten.join(', ')}`
      : `is not in the ledger, and ignores ${unwritten.join(', ')}`
    return [
      {
        where: row,
        why,
        mend: `handle ${unwritten.length === 1 ? 'it' : 'them'} there, or write ${unwritten.length === 1 ? 'it' : 'them'} down as 'ignored' in the row of ${row} in ${file}${byItself(file)}`,
      },
    ]
  })
}

/** The table of calls is written by a command. */
const byItself = (file: string): string =>
  file.endsWith('call-table.ts') ? ' (`npm run model -- ledger --write` does)' : ''

function outdated(taken: Cells, { file, cells }: Ledger): Finding[] {
  return [...taken].flatMap(([row, events]) => {
    const wrong = [...events].filter((event) => cells[row]?.[event] === 'ignored')
    if (wrong.length === 0) return []
    const why = `handles ${wrong.join(', ')}, which the ledger calls ignored`
    return [{ where: row, why, mend: `take the transition out, or the word out of ${file}` }]
  })
}
