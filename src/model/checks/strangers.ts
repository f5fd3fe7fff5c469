import { type SystemSnapshot, stepSystem } from '../../actors/machine-system.ts'
import type { ChartModel, Explored } from '../explore.ts'
import type { Checked, Finding } from './finding.ts'

/*
 * What is said about somebody else, such as another call's leg, moves none of the machines, in whatever state they are.
 */

export function checkStrangers<Snapshot extends SystemSnapshot>(
  { system, strangers, rowName, columnName }: ChartModel<Snapshot>,
  graphs: Explored<Snapshot>[],
): Checked {
  const rule = 'legs apart'
  if (!strangers) return { rule, findings: [], answer: 'nothing is said to have legs', isSkipped: true }
  const moved = graphs.flatMap(({ states }) =>
    states.flatMap((state) =>
      strangers(state)
        .filter((event) => stepSystem(system, state, event).snapshot !== state)
        .map((event) => `${rowName(state)} on ${columnName(event)}`),
    ),
  )
  const findings = [...new Set(moved)].map(
    (where): Finding => ({
      where,
      why: 'it is moved by what is said about a leg that it does not have',
      mend: 'have addressOf in machines/call/call-system.ts find the leg by its id',
    }),
  )
  return { rule, findings, answer: 'what is said about a leg of another id moves nothing, in any state' }
}
