import { type AnyMachineSnapshot, getNextTransitions } from 'xstate'

/*
 * How timers are named. XState names the event of a delayed transition by delay and state, such as
 * `xstate.after.LEG_PATIENCE.leg.answered`, and a state by the id of its machine. A machine at an address that is not its own id,
 * as a second leg is, has its address before that.
 */

const AFTER = 'xstate.after.'
const TIMER = /^(?:(?<address>\S+) )?(?<event>xstate\.after\.(?<delay>[^.]+)\.(?<machine>[^.]+)(?:\..*)?)$/

/** The event that a delayed transition waits for, and the name of its timer. */
export type TimerEvent = { type: `${string}xstate.after.${string}` }

type Named = { address?: string; event: string; delay: string; machine: string }

const read = (type: string): Named | null => (TIMER.exec(type)?.groups as Named | undefined) ?? null

export const isTimer = ({ type }: { type: string }): boolean => type.includes(AFTER)

/** The name of the delay, or its milliseconds, whose end this event is; null for an event that is not a timer's. */
export const delayOf = (type: string): string | null => read(type)?.delay ?? null

export const timerId = (address: string, machineId: string, event: string): string =>
  address === machineId || event === '' ? event : `${address} ${event}`

/** The event that the timer's machine waits for. */
export const timerEvent = (id: string): string => read(id)?.event ?? id

/** The address of the machine that waits for this timer. */
export function timerAddress({ machines }: { machines: object }, id: string): string {
  const { address, machine } = read(id) ?? {}
  const found = address ?? machine
  if (found !== undefined && found in machines) return found
  throw new Error(`No machine of this system waits for the timer ${id}.`)
}

/** The timers that run while a machine is in this state, each once. */
export function timersOf(address: string, snapshot: AnyMachineSnapshot): TimerEvent[] {
  if (snapshot.status !== 'active') return []
  const types = new Set(getNextTransitions(snapshot).map(({ eventType }) => eventType))
  return [...types]
    .filter((type) => type.startsWith(AFTER))
    .map((type) => ({ type: timerId(address, snapshot.machine.id, type) }) as TimerEvent)
}
