import { isDeepStrictEqual } from 'node:util'
import { callSystem } from '../../machines/call/call-system.ts'
import { withoutOldNames } from '../calls/for-release-before.ts'
import { callCharts } from '../calls/saved-call.ts'
import { savedView } from '../calls/view.ts'
import type { Difference } from './difference.ts'
import type { RecordedEvent } from './recorded-call.ts'
import type { Reproduced } from './reproduced.ts'
import { inTime, type Running } from './timing.ts'

type Outcome = Reproduced & { callId: string; handled: boolean | string; running: Running }

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

function inside(recorded: RecordedEvent, reproduced: Outcome): Difference[] {
  const saved = savedState(recorded, reproduced.callId)
  if (!saved) return []
  const { value, context } = reproduced
  const isElsewhere = recorded.stateAfter !== reproduced.stateAfter
  const fields = saved.isOfOlderChart
    ? saved.fields
    : new Set([...Object.keys(saved.context), ...Object.keys(context)])
  // An older chart had left the states that a call ends in.
  const isSame =
    isDeepStrictEqual(ofMachines(saved.value), ofMachines(value)) ||
    (saved.isOfOlderChart && recorded.stateAfter === 'ended')
  return [
    ...unless(isElsewhere || isSame, 'value', saved.value, value),
    ...[...fields].flatMap((field) =>
      unless(
        isDeepStrictEqual(saved.context[field], context[field]),
        `context.${field}`,
        saved.context[field],
        context[field],
      ),
    ),
  ]
}

/** Nodes of the release before read other words beside these. */
const ofMachines = (value: unknown): unknown[] =>
  Object.keys(callSystem.machines).map((address) => Object(value)[address])

type SavedCall = {
  value: unknown
  context: Record<string, unknown>
  isOfOlderChart: boolean
  /** What the chart that saved it remembered. */
  fields: Set<string>
}

/** What was saved, as the chart of today would have it; null where nothing was. */
function savedState({ snapshot, chartVersion }: RecordedEvent, id: string): SavedCall | null {
  if (!snapshot) return null
  const nearest = chartVersion === null ? snapshot : callCharts.nearestToday({ id, snapshot, chartVersion })
  const isOfOlderChart = nearest !== snapshot
  const saved = withoutOldNames(nearest)
  const context = JSON.parse(JSON.stringify(savedView(saved).context)) as Record<string, unknown>
  const fields = new Set(Object.keys(isOfOlderChart ? snapshot.context : context))
  return { value: saved.value, context, isOfOlderChart, fields }
}

function inEffects({ effects }: RecordedEvent, reproduced: Outcome): Difference[] {
  const plain = JSON.parse(JSON.stringify(reproduced.effects))
  return unless(isDeepStrictEqual(effects, plain), 'effects', effects, plain)
}
