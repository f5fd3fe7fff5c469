import type { AnyMachineSnapshot } from 'xstate'
import type { MachineSystem, SystemAction, SystemSnapshot, SystemStep } from './machine-system.ts'
import { delayOf, timersOf } from './timer-id.ts'

/*
 * What one step of an actor has to be committed with: its timers and what it asks of the world. XState lists the actions of a transition
 * without running them, so timers and effects become rows of the same transaction instead of things that a crash forgets.
 */

export type TimersOfStep = { set: { timerId: string; delayMs: number }[]; cancel: string[] }

/** What the step asks of the world, in order. */
export const effectsOf = ({ actions }: SystemStep): SystemAction[] =>
  actions.filter(({ type }) => !type.startsWith('xstate.'))

/** In the order in which the machines armed and cancelled them; the last word on each timer counts. An actor that is over has none. */
export function timersOfStep({ snapshot, actions }: SystemStep): TimersOfStep {
  if (snapshot.status === 'done') return { set: [], cancel: [] }
  const timers = new Map<string, number | null>()
  for (const { type, params } of actions as { type: string; params: TimerParams }[]) {
    if (type === 'xstate.cancel' && params.sendId) timers.set(params.sendId, null)
    if (type === 'xstate.raise' && params.id && params.delay !== undefined)
      timers.set(params.id, params.delay)
  }
  const entries = [...timers]
  return {
    set: entries.flatMap(([timer, delayMs]) => (delayMs === null ? [] : [{ timerId: timer, delayMs }])),
    cancel: entries.filter(([, delayMs]) => delayMs === null).map(([timer]) => timer),
  }
}

type TimerParams = { sendId?: string; id?: string; delay?: number }

/** The timers that the states of this actor wait for, each once, with the name of its delay and how long that is for this actor. */
export function timersAwaited<System extends MachineSystem>({ machines }: SystemSnapshot<System>) {
  return Object.entries(machines as Record<string, AnyMachineSnapshot>).flatMap(([address, snapshot]) =>
    timersOf(address, snapshot).map(({ type }) => {
      const delay = delayOf(type) ?? ''
      return { timerId: type as string, delay, delayMs: lengthOf(delay, snapshot) }
    }),
  )
}

/** A delay that is written in place is named by its milliseconds. */
function lengthOf(delay: string, { context, machine }: AnyMachineSnapshot): number {
  const length = (machine.implementations.delays[delay] ?? Number(delay)) as
    | number
    | ((args: object) => number)
  return typeof length === 'number' ? length : length({ context })
}
