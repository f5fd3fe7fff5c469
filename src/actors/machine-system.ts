import type { AnyMachineSnapshot, AnyStateMachine, EventObject, SnapshotFrom } from 'xstate'
import { inertBeginning, inertTransition } from './inert-transition.ts'
import { isTimer, timerAddress, timerEvent, timerId } from './timer-id.ts'

/*
 * One actor may be made of several machines, each with a snapshot of its own. A step delivers an event to the machine that it is
 * addressed to, routes in memory what the machines say to each other until all are quiet, and lists what they ask of the world.
 */

/** By address, as they stand. */
export type Machines = Readonly<Record<string, AnyMachineSnapshot>>

export type MachineSystem = {
  id: string
  version: string | null
  /** By address. */
  machines: Readonly<Record<string, AnyStateMachine>>
  /** The address of the machine whose end is the end of all, and whose output is that of all. */
  main: string
  /** The address of the machine that an event from outside is for; null for an event that is for none, and changes nothing. */
  addressOf: (event: EventObject, machines: Machines) => string | null
}

export type SystemSnapshot<System extends MachineSystem = MachineSystem> = {
  status: AnyMachineSnapshot['status']
  output: System['machines'][System['main']] extends AnyStateMachine
    ? SnapshotFrom<System['machines'][System['main']]>['output']
    : unknown
  machines: { readonly [Address in keyof System['machines']]: SnapshotFrom<System['machines'][Address]> }
  /** What a machine failed over, when `status` is `error`. */
  error?: unknown
}

/** An action that a machine asks for; XState's own, such as timers, begin with `xstate.`, and name timers by `timerId`. */
export type SystemAction = { type: string; params?: unknown }

/** What was said to one machine, in order. */
export type Delivery = {
  to: string
  event: EventObject
  /** Null where it begins. */
  before: AnyMachineSnapshot | null
  /** By another machine of the system. */
  isMessage: boolean
  /** It changed something, or had something asked or said. */
  isHeard: boolean
}

export type SystemStep<System extends MachineSystem = MachineSystem> = {
  /** The very snapshot that was given, when nothing changed and nothing was asked for. */
  snapshot: SystemSnapshot<System>
  actions: SystemAction[]
  delivered: Delivery[]
}

/** A message may be answered, and the answer too; more in one step means that machines talk in a circle. */
const MOST_MESSAGES = 50

/** The machines of one actor talk to each other without an end. */
export class EndlessTalk extends Error {
  override readonly name = 'EndlessTalk'
}

/** A system of one machine, whose timers and states are named as XState names them. */
export const systemOf = (machine: AnyStateMachine): MachineSystem => ({
  id: machine.id,
  version: machine.version ?? null,
  machines: { [machine.id]: machine },
  main: machine.id,
  addressOf: () => machine.id,
})

export function beginSystem<System extends MachineSystem>(
  system: System,
  input: unknown,
): SystemStep<System> {
  const routing = new Routing(system, {})
  for (const address of Object.keys(system.machines)) routing.begin(address, input)
  return routing.settled(null) as SystemStep<System>
}

export function stepSystem<System extends MachineSystem>(
  system: System,
  before: SystemSnapshot<System>,
  event: EventObject,
): SystemStep<System> {
  // An actor that is over hears nothing more.
  if (before.status !== 'active') return { snapshot: before, actions: [], delivered: [] }
  const routing = new Routing(system, before.machines)
  const isDue = isTimer(event)
  const to = isDue ? timerAddress(system, event.type) : system.addressOf(event, before.machines)
  if (to === null) return { snapshot: before, actions: [], delivered: [] }
  routing.deliver(to, isDue ? { type: timerEvent(event.type) } : event)
  return routing.settled(before) as SystemStep<System>
}

class Routing {
  readonly #system: MachineSystem
  readonly #machines: Record<string, AnyMachineSnapshot>
  readonly #waiting: { to: string; event: EventObject }[] = []
  readonly #actions: SystemAction[] = []
  readonly #delivered: Delivery[] = []

  constructor(system: MachineSystem, machines: Machines) {
    this.#system = system
    this.#machines = { ...machines }
  }

  begin(address: string, input: unknown): void {
    const machine = machineAt(this.#system, address)
    const [snapshot, actions] = inertBeginning(machine, input)
    this.#machines[address] = snapshot
    const event = { type: 'xstate.init', input } as EventObject
    this.#delivered.push({ to: address, event, before: null, isMessage: false, isHeard: true })
    this.#sort(address, actions)
  }

  deliver(to: string, event: EventObject, isMessage = false): void {
    const machine = machineAt(this.#system, to)
    const before = this.#machines[to]
    if (!before) throw new Error(`There is no ${to} to take ${event.type}.`)
    const [after, actions] = inertTransition(machine, before, event)
    const isHeard = after !== before || actions.length > 0
    this.#machines[to] = after
    this.#delivered.push({ to, event, before, isMessage, isHeard })
    this.#sort(to, actions)
  }

  /** Delivers what the machines say to each other, until none says anything more. */
  settled(before: SystemSnapshot | null): SystemStep {
    for (let count = 0; this.#waiting.length > 0; count += 1) {
      if (count === MOST_MESSAGES) throw endless(this.#system, this.#waiting)
      const { to, event } = this.#waiting.shift() as { to: string; event: EventObject }
      this.deliver(to, event, true)
    }
    const isSame =
      before !== null &&
      this.#actions.length === 0 &&
      Object.entries(this.#machines).every(([address, snapshot]) => before.machines[address] === snapshot)
    const snapshot = isSame ? before : snapshotOf(this.#system, this.#machines)
    return { snapshot, actions: this.#actions, delivered: this.#delivered }
  }

  #sort(from: string, actions: readonly { type: string; params?: unknown }[]): void {
    const { id } = machineAt(this.#system, from)
    for (const { type, params } of actions) {
      const { to, event, sendId } = Object(params) as { to?: unknown; event?: EventObject; sendId?: string }
      if (type === 'xstate.sendTo' && event) this.#waiting.push({ to: addressIn(to), event })
      else if (type === 'xstate.raise') this.#actions.push({ type, params: named(params, 'id', from, id) })
      else if (type === 'xstate.cancel' && sendId !== undefined)
        this.#actions.push({ type, params: named(params, 'sendId', from, id) })
      else this.#actions.push({ type, params })
    }
  }
}

/** With the timer's name as it is told apart from those of other machines. */
function named(params: unknown, field: 'id' | 'sendId', address: string, machineId: string): object {
  const given = params as Record<string, string>
  return { ...given, [field]: timerId(address, machineId, given[field] ?? '') }
}

/** The whole of the machines' snapshots. */
export function snapshotOf(system: MachineSystem, machines: Machines): SystemSnapshot {
  const failed = Object.values(machines).find(({ status }) => status === 'error')
  if (failed) return { status: 'error', output: undefined, machines, error: failed.error }
  const { status, output } = machines[system.main] as AnyMachineSnapshot
  return { status, output, machines }
}

function addressIn(target: unknown): string {
  const { address } = Object(target) as { address?: unknown }
  if (typeof address === 'string') return address
  throw new Error('A machine says something to an actor that is none of its own system.')
}

export function machineAt({ id, machines }: MachineSystem, address: string): AnyStateMachine {
  const machine = machines[address]
  if (machine) return machine
  throw new Error(`${id} has no machine ${address}, only ${Object.keys(machines).join(', ')}.`)
}

const endless = ({ id }: MachineSystem, waiting: { to: string; event: EventObject }[]) =>
  new EndlessTalk(
    `The machines of ${id} say more than ${MOST_MESSAGES} things in one step; the next is ${waiting[0]?.event.type} to ${waiting[0]?.to}.`,
  )
