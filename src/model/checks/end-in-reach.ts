import type { SystemSnapshot } from '../../actors/machine-system.ts'
import { isTimer } from '../../actors/timer-id.ts'
import type { ChartModel, Edge, Explored } from '../explore.ts'
import type { Checked, Finding } from './finding.ts'

/*
 * From every state that an actor can come to, something that may happen leads to an end, and so does time alone.
 */

type Identity<Snapshot> = (snapshot: Snapshot) => string

export function checkEndInReach<Snapshot extends SystemSnapshot>(
  { identity, rowName }: ChartModel<Snapshot>,
  graphs: Explored<Snapshot>[],
): Checked {
  const stuck = new Set(graphs.flatMap((graph) => statesWithoutEnd(graph, identity).map(rowName)))
  const endless = graphs.flatMap((graph) => statesThatTimeDoesNotEnd(graph, identity).map(rowName))
  const onlyEndless = new Set(endless.filter((place) => !stuck.has(place)))
  return {
    rule: 'end in reach',
    findings: [...[...stuck].map(without), ...[...onlyEndless].map(notByTime)],
    answer: 'whatever happened, something leads to the end, and time alone does',
  }
}

const without = (where: string): Finding => ({
  where,
  why: 'nothing that can happen from here leads to a final state',
  mend: 'give it a transition to a final state, or to one that leads there',
})

const notByTime = (where: string): Finding => ({
  where,
  why: 'when nobody says anything more, its timers and those that follow never lead to a final state',
  mend: 'let an `after` of it, of what follows or of a state around them end the actor',
})

/** The states from which no sequence of events leads to an end. */
export const statesWithoutEnd = <Snapshot extends SystemSnapshot>(
  graph: Explored<Snapshot>,
  identity: Identity<Snapshot>,
): Snapshot[] => notLeadingToEnd(graph, identity, () => true)

/** The states from which no sequence of timers leads to an end. */
const statesThatTimeDoesNotEnd = <Snapshot extends SystemSnapshot>(
  graph: Explored<Snapshot>,
  identity: Identity<Snapshot>,
): Snapshot[] => notLeadingToEnd(graph, identity, ({ event }) => isTimer(event))

function notLeadingToEnd<Snapshot extends SystemSnapshot>(
  { states, edges }: Explored<Snapshot>,
  identity: Identity<Snapshot>,
  counts: (edge: Edge<Snapshot>) => boolean,
): Snapshot[] {
  const before = Map.groupBy(edges.filter(counts), ({ snapshot }) => identity(snapshot))
  const reached = new Set(states.filter(({ status }) => status === 'done').map(identity))
  // A set that grows while it is walked through is walked through to its end.
  for (const state of reached) {
    for (const { from } of before.get(state) ?? []) reached.add(identity(from))
  }
  return states.filter((state) => !reached.has(identity(state)))
}
