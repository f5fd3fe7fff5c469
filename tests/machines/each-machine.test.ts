import { describe, expect, test } from 'vitest'
import type { AnyMachineSnapshot, AnyStateMachine, AnyStateNode } from 'xstate'
import { getStateNodes } from 'xstate/graph'
import { callSystem } from '../../machines/call/call-system.ts'
import { type Address, AWAITS_ANSWER, isMessage, RECEIVERS } from '../../machines/call/messages.ts'
import { delayOf } from '../../src/actors/timer-id.ts'
import { EVENTS_OF } from './machine-events.ts'
import { machineRow, restingOf } from './machine-table.ts'
import { MACHINE_TABLES } from './machine-tables.ts'

const machines = Object.entries(callSystem.machines) as [Address, AnyStateMachine][]

describe.each(machines)('the machine of the %s', (address, machine) => {
  const places = restingOf(address, machine)

  test('does with everything that can be said to it what its table says', () => {
    const rows = [...places].map(([place, snapshot]) => [
      place,
      machineRow(snapshot, EVENTS_OF[address](snapshot)),
    ])
    expect(Object.fromEntries(rows)).toEqual(MACHINE_TABLES[address])
  })

  test('rests in every state but those that it leaves by itself', () => {
    const leaves = getStateNodes(machine.root as AnyStateNode).filter(
      ({ type, always = [], tags }) =>
        (type === 'atomic' && always.length === 0 && !tags.includes(AWAITS_ANSWER)) || type === 'final',
    )
    const awaiting = [...places]
      .filter(([, snapshot]) => snapshot.hasTag(AWAITS_ANSWER))
      .map(([place]) => place)
    const all = leaves.map(({ id }) => id.slice(machine.id.length + 1))
    expect([...all, ...awaiting].sort()).toEqual([...places.keys()].sort())
  })

  test('takes the messages that are for it, and the table tries each', () => {
    const ofOthers = (machine.events as string[]).filter((type) => delayOf(type) === null && isMessage(type))
    const forIt = Object.entries(RECEIVERS).flatMap(([type, to]) => (to.includes(address) ? [type] : []))
    expect(ofOthers.sort()).toEqual(forIt.sort())
    const [snapshot] = places.values()
    const tried = Object.values(EVENTS_OF[address](snapshot as AnyMachineSnapshot)).map(({ type }) => type)
    expect([...new Set(tried)].sort()).toEqual(
      (machine.events as string[]).filter((type) => delayOf(type) === null).sort(),
    )
  })

  test('is saved in words of its own: no state but those within it has its id', () => {
    for (const { id } of getStateNodes(machine.root as AnyStateNode))
      expect(id).toMatch(new RegExp(`^${machine.id}\\.`))
  })
})
