import type { AnyMachineSnapshot } from 'xstate'
import type { SystemSnapshot } from '../../actors/machine-system.ts'
import type { ChartModel, Explored } from '../explore.ts'
import { goesAstray } from './failures.ts'
import type { Checked, Finding } from './finding.ts'
import type { Ledger } from './lost-events.ts'

/*
 * What one machine says to another meets a state that does something with it, in every situation that there is; where it does not,
 * the ledger says that it may. So each machine can be looked at alone, with what the others may say to it.
 */

const RULE = 'messages heard'

export function checkUnheardMessages<Snapshot extends SystemSnapshot>(
  { system }: Pick<ChartModel<Snapshot>, 'system'>,
  graphs: Explored<Snapshot>[],
  ledger: Ledger | null,
): Checked {
  const meetings = meetingsIn(graphs)
  if (meetings.size === 0) return { rule: RULE, findings: [], answer: 'no machine says anything to another' }
  if (goesAstray(system)) {
    const answer = 'cannot be told before every guard and delay that is named is there: see no failure'
    return { rule: RULE, findings: [], answer, isSkipped: true }
  }
  const ignored = [...meetings.values()].filter(({ isHeard }) => !isHeard)
  if (!ledger?.messages) {
    const answer = `${ignored.length} messages are ignored somewhere, and no ledger says whether they may be: name one with --ledger`
    return { rule: RULE, findings: [], answer, isSkipped: true }
  }
  const { file, messages } = ledger
  const isWritten = ({ place, message }: Meeting) => messages[place]?.includes(message) ?? false
  const lost = ignored.filter((meeting) => !isWritten(meeting)).map((meeting) => unheard(meeting, file))
  const outdated = Object.entries(messages).flatMap(([place, written]) =>
    written
      .filter((message) => meetings.get(keyOf({ place, message }))?.isHeard !== false)
      .map((message) => neverIgnored({ place, message }, file)),
  )
  return {
    rule: RULE,
    findings: [...lost, ...outdated],
    answer: `of ${meetings.size} messages in the states that they meet ${ignored.length} are ignored, which the ledger says, ${file}`,
  }
}

/** What the ledger would have to say of a chart: by state, the messages that do nothing there. */
export function ignoredMessages<Snapshot extends SystemSnapshot>(
  graphs: Explored<Snapshot>[],
): Record<string, string[]> {
  const ignored = [...meetingsIn(graphs).values()].filter(({ isHeard }) => !isHeard)
  const byPlace = Map.groupBy(ignored, ({ place }) => place)
  const places = [...byPlace].sort(([a], [b]) => a.localeCompare(b))
  return Object.fromEntries(
    places.map(([place, meetings]) => [place, meetings.map(({ message }) => message).sort()]),
  )
}

/** A message and the state of its machine that it came to; heard when it did something there in any situation. */
type Meeting = { place: string; message: string; isHeard: boolean }

const keyOf = ({ place, message }: Omit<Meeting, 'isHeard'>): string => `${place} ${message}`

function meetingsIn<Snapshot extends SystemSnapshot>(graphs: Explored<Snapshot>[]): Map<string, Meeting> {
  const meetings = new Map<string, Meeting>()
  for (const { start, edges, ignored } of graphs)
    for (const { delivered } of [start, ...edges, ...ignored])
      for (const { event, before, isMessage, isHeard } of delivered) {
        if (!isMessage || !before) continue
        const meeting = { place: placeOf(before), message: event.type }
        const known = meetings.get(keyOf(meeting))
        meetings.set(keyOf(meeting), { ...meeting, isHeard: isHeard || (known?.isHeard ?? false) })
      }
  return meetings
}

const placeOf = ({ _nodes }: AnyMachineSnapshot): string =>
  _nodes.find(({ type }) => type === 'atomic' || type === 'final')?.id ?? ''

const unheard = ({ place, message }: Meeting, file: string): Finding => ({
  where: place,
  why: `is told ${message} by another machine, and does nothing with it`,
  mend: `handle it there, or write it down beside ${place} among the messages that may be ignored, in ${file}`,
})

const neverIgnored = ({ place, message }: Omit<Meeting, 'isHeard'>, file: string): Finding => ({
  where: place,
  why: `never ignores ${message}: it does something there, or is never said to it`,
  mend: `take the word out of ${file}`,
})
