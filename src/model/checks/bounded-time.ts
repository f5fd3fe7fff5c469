import type { ChartGraph, ChartState, ChartTransition } from '../chart-graph.ts'
import type { Checked, Finding } from './finding.ts'

/*
 * Every state in which an actor can rest is left, whatever happens, when some time has passed.
 */

export function checkBoundedTime(graph: ChartGraph): Checked {
  const bounds = timeBounds(graph)
  const findings = restingStates(graph).flatMap((state) =>
    (bounds.get(state.id) ?? []).length > 0 ? [] : [unbounded(state, graph)],
  )
  return {
    rule: 'bounded time',
    findings,
    answer: `each of ${bounds.size} states in which time passes is left by a timer`,
  }
}

/** The delays that bound how long an actor may stay in each state where it can rest, by the state's id, the nearest first. */
export function timeBounds(graph: ChartGraph): Map<string, string[]> {
  const states = new Map(graph.states.map((state) => [state.id, state]))
  const boundsOf = ({ id, parent }: ChartState): string[] => {
    const around = parent === null ? undefined : states.get(parent)
    return [...ownBounds(id, graph), ...(around ? boundsOf(around) : [])]
  }
  return new Map(restingStates(graph).map((state) => [state.id, boundsOf(state)]))
}

/** States without states within, that are not left in the step that enters them. */
export const restingStates = ({ states }: ChartGraph): ChartState[] =>
  states.filter(({ type, isPassedThrough }) => type === 'atomic' && !isPassedThrough)

function ownBounds(id: string, { transitions }: ChartGraph): string[] {
  const certain = transitions.filter((transition) => transition.source === id && leavesForCertain(transition))
  return [...new Set(certain.map(({ delay }) => delay ?? ''))]
}

/** One that has a condition may not be taken, one without a target leads nowhere, and one to the state itself begins anew. */
const leavesForCertain = ({ trigger, guard, target, source }: ChartTransition) =>
  trigger === 'delay' && guard === null && target.some((id) => id !== source)

function unbounded({ id, delays }: ChartState, { transitions }: ChartGraph): Finding {
  const own = transitions.filter(({ source, trigger }) => source === id && trigger === 'delay')
  const [doubtful] = own
  const why = doubtful
    ? `its delay ${delays.join(', ')} does not leave it for certain: ${whyNot(doubtful)}`
    : 'an actor may stay in it for ever when nobody says anything'
  return {
    where: id,
    why,
    mend: 'give it, or a state around it, an `after` with a target and without a guard, as `hold` has LEG_PATIENCE',
  }
}

function whyNot({ guard, target }: ChartTransition): string {
  if (guard !== null) return `it is only taken when ${guard}`
  return target.length === 0 ? 'it has no target' : 'it leads back to the same state'
}
