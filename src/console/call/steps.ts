import { STATES_AT } from '../../../machines/call/call-view.ts'
import type { LegState } from '../../../machines/instructions.ts'
import { type Chart, nodeAt } from '../../model/drawn-chart.ts'
import type { CallRecord } from '../api/calls-api.ts'
import type { Effect, Replay, ReplayStep } from '../api/replay-api.ts'
import { withAncestors } from '../chart/chart-activity.ts'

/*
 * A call as steps that one can go back and forth: what the record says, and, when the record could be replayed, everything
 * that was true at that moment.
 */

export type CallStep = {
  seq: number
  /** Milliseconds since the call began. */
  ms: number
  at: string
  type: string
  event: { type: string } & Record<string, unknown>
  stateBefore: string
  stateAfter: string
  effects: Effect[]
  /** The ids of the states that the chart shows. */
  states: readonly string[]
  /** The ids of the states and transitions that it went through. */
  passed: readonly string[]
  /** Null when the call could not be replayed. */
  detail: ReplayStep['reproduced'] | null
  differences: ReplayStep['differences']
}

export function stepsOf(
  records: readonly CallRecord[],
  replay: Replay | null,
  chart: Chart | null,
): CallStep[] {
  const beginning = Date.parse(records[0]?.at ?? '')
  const replayed = new Map(replay?.steps.map((step) => [step.seq, step]))
  return records.map(({ seq, at, type, event, stateBefore, stateAfter, effects }) => {
    const step = replayed.get(seq)
    return {
      seq,
      at,
      type,
      event,
      stateBefore,
      stateAfter,
      effects,
      ms: Date.parse(at) - beginning,
      // The recorded state is what is shown, also where the chart of today would be elsewhere.
      states:
        step?.reproduced.stateAfter === stateAfter ? step.reproduced.states : placesOf(chart, stateAfter),
      passed: [...(step?.entered ?? []), ...(step?.took ?? [])],
      detail: step?.reproduced ?? null,
      differences: step?.differences ?? [],
    }
  })
}

/** The states of a place that is told in a word or two, such as `bridged.talking`. */
function placesOf(chart: Chart | null, place: string): string[] {
  const [state, bridge] = place.split('.')
  const { call, leg } = STATES_AT[state as LegState] ?? {}
  const paths = [call && `call.${call}`, leg && `leg.${leg}`, bridge]
  const nodes = paths.flatMap((path) => (chart && path && nodeAt(chart, path)) || [])
  return chart
    ? [
        ...withAncestors(
          chart,
          nodes.map(({ id }) => id),
        ),
      ]
    : []
}

/** The step that the call stands on at this time; the first one before that. */
export function stepAt(steps: readonly CallStep[], ms: number): number {
  const next = steps.findIndex((step) => step.ms > ms)
  return Math.max(0, (next < 0 ? steps.length : next) - 1)
}

/** `xstate.after.LEG_PATIENCE.leg.answered` is LEG_PATIENCE. */
export const delayName = (timerId: string): string =>
  /^xstate\.after\.([^.]+)\./.exec(timerId)?.[1] ?? timerId
