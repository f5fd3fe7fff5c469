import type { ChartGraph, ChartState, ChartTransition } from '../chart-graph.ts'
import type { Checked, Finding } from './finding.ts'

/*
 * Every state in which an actor can rest is left, whatever happens, when some time has passed.
 */

/** `lasting` are the states that only the longest life of the whole actor need bound; null where nobody says. */
export function checkBoundedTime(graph: ChartGraph, lasting: readonly string[] | null): Checked {
  const bounds = timeBounds(graph)
  const resting = restingStates(graph)
  const findings = resting.flatMap((state) =>
    (bounds.get(state.id) ?? []).length > 0 ? [] : [unbounded(state, graph)],
  )
  const unsaid = lasting === null || findings.length > 0 ? [] : unsaidToLast(graph, lasting)
  const length = lasting === null ? '' : `; ${lasting.length} of them may last as long as the whole`
  return {
    rule: 'bounded time',
    findings: [...findings, ...unsaid],
    answer: `each of ${bounds.size} states in which time passes is left by a timer${length}`,
  }
}

/** A timer around everything is a last resort: a state that has forgotten its own is held for hours before it comes. */
function unsaidToLast(graph: ChartGraph, lasting: readonly string[]): Finding[] {
  const resting = restingStates(graph)
  const around = new Map(resting.map((state) => [state.id, ancestors(state, graph)]))
  const aroundAll = graph.states.filter(({ id }) =>
    [...around.values()].every((states) => states.some((state) => state.id === id)),
  )
  const last = aroundAll.flatMap(({ id }) => ownBounds(id, graph).map((delay) => `${delay} of ${id}`))
  const hasOnlyLast = (state: ChartState) =>
    [state, ...(around.get(state.id) ?? [])].every(
      (holder) => aroundAll.includes(holder) || ownBounds(holder.id, graph).length === 0,
    )
  const named = (state: ChartState) => lasting.includes(state.path.join('.'))
  const unknown = lasting.filter((path) => !resting.some((state) => state.path.join('.') === path))
  return [
    ...resting
      .filter((state) => hasOnlyLast(state) && !named(state))
      .map(({ id }) => heldToTheLast(id, last.join(', '))),
    ...unknown.map(notThere),
  ]
}

const heldToTheLast = (where: string, last: string): Finding => ({
  where,
  why: `nothing but ${last} ends it when nobody says anything, and that is how long all may last`,
  mend: 'give it an `after` of its own with a target, as `leg.answered` has LEG_PATIENCE, or name it among the states that may last so long (`lasting`, for calls in src/model/call-chart.ts)',
})

const notThere = (where: string): Finding => ({
  where,
  why: 'is said to last as long as the whole, and is no state in which time passes',
  mend: 'take it out of `lasting`',
})

function ancestors({ id, parent }: ChartState, graph: ChartGraph): ChartState[] {
  const around = graph.states.find((state) => state.id === parent)
  if (!around) return []
  // The end of the main machine is the end of all.
  const isBeside = around.parent === null && id !== graph.main
  const main = isBeside ? graph.states.filter((state) => state.id === graph.main) : []
  return [...main, around, ...ancestors(around, graph)]
}

/** The delays that bound how long an actor may stay in each state where it can rest, by the state's id, the nearest first. */
export function timeBounds(graph: ChartGraph): Map<string, string[]> {
  const boundsOf = (state: ChartState) =>
    [state, ...ancestors(state, graph)].flatMap(({ id }) => ownBounds(id, graph))
  return new Map(restingStates(graph).map((state) => [state.id, boundsOf(state)]))
}

/** States without states within, that are not left in the step that enters them. */
const restingStates = ({ states }: ChartGraph): ChartState[] =>
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
    mend: 'give it, or a state around it, an `after` with a target and without a guard, as `leg.answered` has LEG_PATIENCE',
  }
}

function whyNot({ guard, target }: ChartTransition): string {
  if (guard !== null) return `it is only taken when ${guard}`
  return target.length === 0 ? 'it has no target' : 'it leads back to the same state'
}
