import { isDeepStrictEqual } from 'node:util'
import type { Difference } from './difference.ts'
import type { RecordedEvent } from './recorded-call.ts'
import type { Reproduced } from './reproduced.ts'
import { inTime, type Running } from './timing.ts'

type Outcome = Reproduced & { handled: boolean | string; running: Running }

/** What differs, the most telling first; empty when the chart does what it did. */
export function differencesBetween(recorded: RecordedEvent, reproduced: Outcome): Difference[] {
  const { stateBefore, stateAfter } = recorded
  if (stateBefore === 'unknown') {
    // The service ended this call because the chart of that day had no place for the state that it was saved in.
    return [{ what: 'state', recorded: 'ended as chart_retired', reproduced: reproduced.stateAfter }]
  }
  return [
    ...notHandled(reproduced),
    ...unless(stateAfter === reproduced.stateAfter, 'state', stateAfter, reproduced.stateAfter),
    ...inside(recorded, reproduced),
    ...inEffects(recorded, reproduced),
    ...inTime(recorded, reproduced.running),
  ]
}

const unless = (isEqual: boolean, what: string, recorded: unknown, reproduced: unknown): Difference[] =>
  isEqual ? [] : [{ what, recorded, reproduced }]

function notHandled({ handled }: Outcome): Difference[] {
  if (handled === true) return []
  return [{ what: 'event', recorded: 'handled', reproduced: handled || 'ignored' }]
}

function inside({ snapshot, stateAfter }: RecordedEvent, reproduced: Outcome): Difference[] {
  if (!snapshot) return []
  const { value, context } = reproduced
  const isElsewhere = stateAfter !== reproduced.stateAfter
  const fields = new Set([...Object.keys(snapshot.context), ...Object.keys(context)])
  return [
    ...unless(isElsewhere || isDeepStrictEqual(snapshot.value, value), 'value', snapshot.value, value),
    ...[...fields].flatMap((field) =>
      unless(
        isDeepStrictEqual(snapshot.context[field], context[field]),
        `context.${field}`,
        snapshot.context[field],
        context[field],
      ),
    ),
  ]
}

function inEffects({ effects }: RecordedEvent, reproduced: Outcome): Difference[] {
  const plain = JSON.parse(JSON.stringify(reproduced.effects))
  return unless(isDeepStrictEqual(effects, plain), 'effects', effects, plain)
}
