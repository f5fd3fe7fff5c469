import { type AnyMachineSnapshot, type AnyStateMachine, getNextTransitions } from 'xstate'
import { getStateNodes } from 'xstate/graph'

/** The event that a delayed transition waits for. */
export type TimerEvent = { type: `xstate.after.${string}` }

const AFTER = 'xstate.after.'

/** The name of the delay, or its milliseconds, whose end this event is; null for an event that is not a timer's. */
export function delayOf(eventType: string): string | null {
  return eventType.startsWith(AFTER) ? (eventType.slice(AFTER.length).split('.', 1)[0] ?? null) : null
}

export const isTimer = (event: { type: string }): event is TimerEvent => event.type.startsWith(AFTER)

/** The timers that run in this state, each once. */
export function timersIn(snapshot: AnyMachineSnapshot): TimerEvent[] {
  if (snapshot.status !== 'active') return []
  const types = new Set(getNextTransitions(snapshot).map(({ eventType }) => eventType))
  return [...types].map((type) => ({ type })).filter(isTimer)
}

/** Every timer that any state of the chart has. */
export function allTimers(machine: AnyStateMachine): TimerEvent[] {
  const nodes = [machine.root, ...getStateNodes(machine.root)]
  return nodes
    .flatMap((node) => node.after)
    .map(({ eventType }) => ({ type: eventType }))
    .filter(isTimer)
}
