import type { AnyMachineSnapshot, AnyStateMachine, EventObject } from 'xstate'
import type { Address } from '../../machines/call/messages.ts'
import { inertBeginning, inertTransition } from '../../src/actors/inert-transition.ts'
import { delayOf, timersOf } from '../../src/actors/timer-id.ts'

import { INPUTS } from '../../src/model/call-model.ts'
import { EVENTS_OF } from './machine-events.ts'

/*
 * One machine of a call alone: what it makes of everything that the world and the other machines can say to it. A cell tells where
 * the machine comes to and, after a colon, what it says and asks for; timers are not told.
 */

export type MachineTable = Readonly<Record<string, Readonly<Record<string, string>>>>

/** What each of these events and the timers that run do in a state; what changes nothing is left out. */
export function machineRow(
  snapshot: AnyMachineSnapshot,
  events: Record<string, EventObject>,
): Record<string, string> {
  const { machine } = snapshot
  const timers = timersOf(machine.id, snapshot).map((event) => [delayOf(event.type), event] as const)
  const cells = [...Object.entries(events), ...timers].map(([name, event]) => [name, cell(snapshot, event)])
  return Object.fromEntries(cells.filter(([, told]) => told !== null))
}

function cell(before: AnyMachineSnapshot, event: EventObject): string | null {
  const [after, actions] = inertTransition(before.machine as AnyStateMachine, before, event)
  if (after === before && actions.length === 0) return null
  const said = actions.flatMap(words)
  return said.length > 0 ? `${placeIn(after)}: ${said.join(', ')}` : placeIn(after)
}

function words({ type, params }: { type: string; params?: unknown }): string[] {
  const { to, event } = Object(params) as { to?: { address: string }; event?: EventObject }
  if (type === 'xstate.sendTo' && event) {
    const { type: message, ...carried } = event
    return [['tell', to?.address, message, ...Object.values(carried).map(String)].join(' ')]
  }
  return type.startsWith('xstate.') ? [] : [[type, ...Object.values(Object(params))].join(' ')]
}

const placeIn = ({ _nodes, machine }: AnyMachineSnapshot): string =>
  _nodes
    .filter(({ type }) => type === 'atomic' || type === 'final')
    .map(({ id }) => id.slice(machine.id.length + 1))
    .join()

/** A snapshot for each place that a machine can rest in by itself, the first that is come by. */
export function restingOf(address: Address, machine: AnyStateMachine): Map<string, AnyMachineSnapshot> {
  const found = new Map<string, AnyMachineSnapshot>()
  const queue = Object.values(INPUTS).map((input) => inertBeginning(machine, input)[0])
  for (const snapshot of queue) {
    if (found.has(placeIn(snapshot))) continue
    found.set(placeIn(snapshot), snapshot)
    const events = [...Object.values(EVENTS_OF[address](snapshot)), ...timersOf(machine.id, snapshot)]
    queue.push(...events.map((event) => inertTransition(machine, snapshot, event)[0]))
  }
  return found
}
