import { type Chart, nodeAt } from '../../model/drawn-chart.ts'
import type { CallRecord, Turn } from '../api/calls-api.ts'
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
  took: readonly string[]
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
      ...{ seq, at, type, event, stateBefore, stateAfter, effects },
      ms: Date.parse(at) - beginning,
      // The recorded state is what is shown, also where the chart of today would be elsewhere.
      states:
        step?.reproduced.stateAfter === stateAfter ? step.reproduced.states : placesOf(chart, stateAfter),
      took: step?.took ?? [],
      detail: step?.reproduced ?? null,
      differences: step?.differences ?? [],
    }
  })
}

function placesOf(chart: Chart | null, path: string): string[] {
  const node = chart && nodeAt(chart, path)
  return node ? [...withAncestors(chart, [node.id])] : []
}

/** The step that the call stands on at this time; the first one before that. */
export function stepAt(steps: readonly CallStep[], ms: number): number {
  const next = steps.findIndex((step) => step.ms > ms)
  return Math.max(0, (next < 0 ? steps.length : next) - 1)
}

/** A stretch on the time axis, in milliseconds since the call began. */
export type Span = { from: number; to: number; name: string; note: string; kind: string }

/** The states that the call was in, one after the other. */
export function stateSpans(steps: readonly CallStep[], end: number): Span[] {
  const spans: Span[] = []
  for (const { ms, stateAfter } of steps) {
    const last = spans.at(-1)
    if (last?.name === stateAfter) continue
    if (last) last.to = ms
    spans.push({ from: ms, to: end, name: stateAfter, note: '', kind: stateAfter })
  }
  return spans
}

/** `xstate.after.LEG_PATIENCE.call.live.leg.hold` is LEG_PATIENCE. */
export const delayName = (timerId: string): string =>
  /^xstate\.after\.([^.]+)\./.exec(timerId)?.[1] ?? timerId

/** Every timer from its beginning to its firing, its cancelling, or the end of what is known. */
export function timerSpans(steps: readonly CallStep[], end: number): Span[] {
  const beginning = Date.parse(steps[0]?.at ?? '')
  const open = new Map<string, Span & { dueAt: string }>()
  const spans: Span[] = []
  for (const { ms, type, detail } of steps) {
    const running = new Map(detail?.timers.map(({ timerId, dueAt }) => [timerId, dueAt]))
    for (const [timerId, span] of open) {
      if (running.get(timerId) === span.dueAt) continue
      span.to = ms
      span.kind = type === timerId ? 'fired' : 'cancelled'
      open.delete(timerId)
    }
    for (const [timerId, dueAt] of running) {
      if (open.has(timerId)) continue
      const due = Date.parse(dueAt) - beginning
      const span = {
        from: ms,
        to: Math.min(end, due),
        name: delayName(timerId),
        note: dueAt,
        kind: 'running',
        dueAt,
      }
      open.set(timerId, span)
      spans.push(span)
    }
  }
  return spans
}

/** Speech of 150 words a minute; only when something was said is known, not for how long. */
const CHARACTERS_PER_SECOND = 14
const SHORTEST_MS = 400

/**
 * When caller and agent spoke, about: an agent's words are known as they begin to be spoken, a caller's when they have been
 * understood.
 */
export function speechSpans(turns: readonly Turn[], beginning: number): Span[] {
  return turns.map(({ role, text, heard, interrupted, at }, index) => {
    const spoken = interrupted ? (heard ?? text) : text
    const length = Math.max(SHORTEST_MS, (spoken.length / CHARACTERS_PER_SECOND) * 1000)
    const moment = Date.parse(at) - beginning
    const next = turns[index + 1]
    const latest = next ? Date.parse(next.at) - beginning : Number.POSITIVE_INFINITY
    const from = role === 'agent' ? moment : Math.max(0, moment - length)
    const to = role === 'agent' ? Math.max(moment + SHORTEST_MS, Math.min(moment + length, latest)) : moment
    return { from, to, name: text, note: interrupted ? 'interrupted' : '', kind: role }
  })
}
