import type { AnyMachineSnapshot } from 'xstate'
import { getStateNodes } from 'xstate/graph'
import type { MachineSystem, SystemSnapshot } from '../actors/machine-system.ts'
import { type TimerEvent, timerId, timersOf } from '../actors/timer-id.ts'

/** The timers that run in this state, each once. */
export function timersIn({ status, machines }: SystemSnapshot): TimerEvent[] {
  if (status !== 'active') return []
  return Object.entries(machines).flatMap(([address, snapshot]) =>
    timersOf(address, snapshot as AnyMachineSnapshot),
  )
}

/** Every timer that any state of the chart has. */
export function allTimers({ machines }: MachineSystem): TimerEvent[] {
  return Object.entries(machines).flatMap(([address, { id, root }]) =>
    [root, ...getStateNodes(root)]
      .flatMap((node) => node.after)
      .map(({ eventType }) => ({ type: timerId(address, id, eventType) }) as TimerEvent),
  )
}
