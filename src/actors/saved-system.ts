import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate'
import { type MachineSystem, type SystemSnapshot, snapshotOf } from './machine-system.ts'

/* An actor as it is saved: of each of its machines, by address, where it is and what it remembers. */

export type SavedSystem = {
  status: string
  value: Record<string, unknown>
  context: Record<string, unknown>
  /** Of one that is over. */
  output?: unknown
}

export function saveSystem({ status, output, machines }: SystemSnapshot): SavedSystem {
  const parts: [string, AnyMachineSnapshot][] = Object.entries(machines)
  return {
    status,
    ...(output !== undefined && { output }),
    value: Object.fromEntries(parts.map(([address, { value }]) => [address, value])),
    context: Object.fromEntries(parts.map(([address, { context }]) => [address, context])),
  }
}

/** The actor alive again; null when one of its machines has no such state. Its timers are where they were: nothing is started. */
export function restoreSystem<System extends MachineSystem>(
  system: System,
  { value, context, ...saved }: SavedSystem,
): SystemSnapshot<System> | null {
  try {
    const restored = Object.entries(system.machines).map(([address, machine]: [string, AnyStateMachine]) => {
      const state = { value: value[address], context: context[address] }
      const given = address === system.main ? { ...state, ...saved } : state
      return [address, machine.resolveState(given as never)] as const
    })
    if (restored.some(([, { status }]) => status === 'error')) return null
    return snapshotOf(system, Object.fromEntries(restored)) as SystemSnapshot<System>
  } catch {
    return null
  }
}
