import { legOfChart3 } from '../../machines/call/from-chart-3.ts'
import type { CallInput } from '../../machines/call-events.ts'

/*
 * A call as it was written down: what was said to it, in order, and what the chart of that day made of it. Plain JSON,
 * and without numbers, names, tokens or the carrier's ids: no chart looks at those.
 */

/** What XState saves of a call. */
export type SavedSnapshot = { value: unknown; context: Record<string, unknown>; status: string }

export type RecordedEvent = {
  seq: number
  /** ISO 8601, with milliseconds. */
  at: string
  event: { type: string; [carried: string]: unknown }
  stateBefore: string
  stateAfter: string
  effects: { type: string; params?: object }[]
  /** Null where the service did not keep it yet. */
  snapshot: SavedSnapshot | null
  chartVersion: string | null
}

export type RecordedCall = {
  id: string
  provider: string
  direction: string
  /** Of the chart that took the last step. */
  chartVersion: string
  startedAt: string
  endedAt: string | null
  outcome: string | null
  events: RecordedEvent[]
}

/** What was written down cannot be replayed; the message says what is wrong, where, and how to go on. */
export class UnreplayableCall extends Error {
  override readonly name = 'UnreplayableCall'
}

/** The input that the call's chart began with. Throws UnreplayableCall when the beginning is missing. */
export function inputOf({ id, events }: RecordedCall): CallInput {
  const [first] = events
  if (!first) throw new UnreplayableCall(`Nothing was written down of call ${id}.`)
  const { type, input } = first.event
  if (first.seq !== 1 || type !== 'call.began' || typeof input !== 'object' || input === null) {
    throw new UnreplayableCall(
      `The record of call ${id} begins with event ${first.seq}, ${type}, and not with call.began and its input.`,
    )
  }
  return { legId: legOfChart3(id), ...(input as Omit<CallInput, 'legId'>) }
}

/** Throws UnreplayableCall when events are missing in between. */
export function requireUnbroken({ id, events }: RecordedCall): void {
  for (const [index, { seq }] of events.entries()) {
    if (seq === index + 1) continue
    throw new UnreplayableCall(
      `The record of call ${id} has a gap: event ${index + 1} is missing, ${seq} comes next.`,
    )
  }
}
