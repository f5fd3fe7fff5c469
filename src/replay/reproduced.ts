import { type AnyMachineSnapshot, getNextTransitions } from 'xstate'
import { isMessage } from '../../machines/call/messages.ts'
import {
  type LegInstruction,
  legInstructions,
  type MediaInstruction,
  mediaInstruction,
  type VoiceState,
} from '../../machines/instructions.ts'
import { callCharts } from '../calls/saved-call.ts'
import type { Step } from '../calls/store.ts'
import { activeStates } from '../model/chart-walk.ts'
import type { SavedSnapshot } from './recorded-call.ts'

/** A call as the chart of today has it after one event. */
export type Reproduced = {
  /** The leg's place, such as `bridged.talking`. */
  stateAfter: string
  voice: VoiceState
  /** XState's state value of each machine, by address. */
  value: unknown
  /** The ids of all states that the call is in, parents before their children. */
  states: string[]
  context: Record<string, unknown>
  /** As it is saved. */
  snapshot: SavedSnapshot
  /** Null where machines/instructions.ts has no answer, as in a state that was only renamed in the chart. */
  leg: LegInstruction[] | null
  media: MediaInstruction | null
  effects: Step['effects']
  /** All that run now, the next first. */
  timers: { timerId: string; dueAt: string }[]
  /** The events that some transition waits for here, whatever its guard will say. */
  accepts: string[]
}

/** When each timer that runs falls due. */
export type Timers = ReadonlyMap<string, Date>

/** `at` is when the step was made. */
export function timersAfter(before: Timers, { event, timers: { set, cancel }, end }: Step, at: Date): Timers {
  if (end) return new Map()
  const timers = new Map(before)
  for (const timerId of [...cancel, event.type]) timers.delete(timerId)
  for (const { timerId, delayMs } of set) timers.set(timerId, new Date(at.getTime() + delayMs))
  return timers
}

export function reproducedBy(step: Step, callId: string, timers: Timers): Reproduced {
  const { view, effects, stateAfter } = step
  const saved = JSON.parse(JSON.stringify(step.snapshot)) as SavedSnapshot
  const context = JSON.parse(JSON.stringify(view.context)) as Record<string, unknown>
  const snapshot = callCharts.restore({ id: callId, ...step })
  const machines: AnyMachineSnapshot[] = snapshot?.status === 'active' ? Object.values(snapshot.machines) : []
  const next = machines
    .filter(({ status }) => status === 'active')
    .flatMap((machine) => getNextTransitions(machine))
  return {
    stateAfter,
    voice: view.voice,
    value: saved.value,
    context,
    effects,
    snapshot: saved,
    states: snapshot ? activeStates(snapshot) : [],
    // A chart that is being changed may come to states that its instructions do not know yet.
    leg: legInstructions(view) ?? null,
    media: mediaInstruction(view, view.context.bridgeNumber) ?? null,
    timers: [...timers]
      .sort(([, a], [, b]) => a.getTime() - b.getTime())
      .map(([timerId, dueAt]) => ({ timerId, dueAt: dueAt.toISOString() })),
    accepts: [...new Set(next.map(({ eventType }) => eventType))].filter(
      (type) => type !== '' && !type.startsWith('xstate.') && !isMessage(type),
    ),
  }
}
