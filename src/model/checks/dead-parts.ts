import type { SystemSnapshot } from '../../actors/machine-system.ts'
import { transitionWords } from '../chart-graph.ts'
import { graphOf, type Walk, walkOfBeginning, walkOfStep } from '../chart-walk.ts'
import type { ChartModel, Explored } from '../explore.ts'
import { goesAstray } from './failures.ts'
import type { Checked, Finding } from './finding.ts'

/*
 * Every state is entered and every transition taken by something that can happen: the rest is dead, or a guard is wrong.
 */

export function checkDeadParts<Snapshot extends SystemSnapshot>(
  { system, inputs, guessesEvents }: ChartModel<Snapshot>,
  graphs: Explored<Snapshot>[],
): Checked {
  if (goesAstray(system)) {
    const answer = 'cannot be told before every guard and delay that is named is there: see no failure'
    return { rule: 'nothing dead', findings: [], answer, isSkipped: true }
  }
  const { states, transitions } = graphOf(system)
  const unseen = new Set([...states, ...transitions].map(({ id }) => id))
  const see = ({ entered, took }: Walk) => {
    for (const id of [...entered, ...took]) unseen.delete(id)
  }
  for (const input of Object.values(inputs)) see(walkOfBeginning(system, input))
  for (const { from, event } of graphs.flatMap((graph) => graph.edges)) {
    if (unseen.size === 0) break
    see(walkOfStep(system, from, event))
  }
  const deadStates = states.filter(({ id }) => unseen.has(id))
  const deadTransitions = transitions.filter(({ id }) => unseen.has(id))
  const all = `all ${states.length} states are entered and all ${transitions.length} transitions taken`
  if (!guessesEvents || deadStates.length + deadTransitions.length === 0) {
    // What is within a dead state, and what leads out of it, is dead with it.
    const findings = [
      ...deadStates.filter(({ parent }) => !unseen.has(parent ?? '')).map(({ id }) => neverEntered(id)),
      ...deadTransitions
        .filter(({ source }) => !unseen.has(source))
        .map(({ id }) => neverTaken(transitionWords(id))),
    ]
    return { rule: 'nothing dead', findings, answer: all }
  }
  const answer = `${deadStates.length} states and ${deadTransitions.length} transitions were not come by; export \`inputs\` and \`events\` beside the machine to have them looked for with what its guards look at`
  return { rule: 'nothing dead', findings: [], answer, isSkipped: true }
}

const neverEntered = (where: string): Finding => ({
  where,
  why: 'no sequence of events enters it, nor what is within',
  mend: 'lead a transition to it that can be taken, or take the state out',
})

const neverTaken = (where: string): Finding => ({
  where,
  why: 'no event in any state takes it: its guard never holds, or another transition comes first',
  mend: 'look at its guard and at the transitions before it, or take it out',
})
