import { stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { AnyMachineSnapshot, AnyStateMachine, EventObject } from 'xstate'
import { callSystem } from '../../machines/call/call-system.ts'
import { type Address, type MessageType, RECEIVERS } from '../../machines/call/messages.ts'
import type { CallLimits } from '../../machines/call-events.ts'
import { beginSystem, type SystemSnapshot, systemOf } from '../actors/machine-system.ts'
import { delayOf, isTimer } from '../actors/timer-id.ts'
import { callChart, callSystemWith } from './call-chart.ts'
import { placesOf } from './chart-walk.ts'
import type { Ledger } from './checks/lost-events.ts'
import type { ChartModel, Hearing } from './explore.ts'
import { loadFault } from './unloadable-chart.ts'
import { UnusableChart } from './unusable-chart.ts'

/*
 * A chart from a file: the machine, and beside it whatever the file says of the world around it.
 */

export type LoadedChart = {
  model: ChartModel
  ledger: Ledger | null
  /** Where the machine is from, and under what name it is exported there. */
  machine: { file: string; name: string }
  /** It is looked at with what is known of calls. */
  isCall: boolean
  /** The machine that the file has, which may be one of several that are looked at together; null of the call's own chart. */
  part: AnyStateMachine | null
}

/** The call's own chart. */
export const ownChart = (limits: CallLimits): LoadedChart => ({
  model: callChart(limits) as ChartModel,
  ledger: null,
  machine: {
    file: fileURLToPath(new URL('../../machines/call/call-system.ts', import.meta.url)),
    name: 'callSystem',
  },
  isCall: true,
  part: null,
})

type Exports = {
  /** Ways to begin, by name. */
  inputs?: Record<string, unknown>
  /** What the world can say: always the same, or depending on the state. */
  events?: EventObject[] | ((snapshot: AnyMachineSnapshot) => EventObject[])
  /** What tells two states apart; where they are and what they remember, if nothing else is said. */
  identity?: (snapshot: AnyMachineSnapshot) => string
  /** What is ignored where: by place, then by event. */
  ledger?: Ledger['cells']
  /** The paths of the states that may last as long as the actor itself. */
  lasting?: readonly string[]
  hears?: (snapshot: AnyMachineSnapshot) => Hearing
}

/** Loads a machine file. Rejects with UnusableChart. */
export async function loadChart(file: string, limits: CallLimits): Promise<LoadedChart> {
  const exported = await importFile(file)
  const { machine, name } = machineIn(exported, file)
  const { inputs, events, ledger } = exported as Exports
  const isCall = machine.id in callSystem.machines && !inputs && !events
  if (isCall) requirePart(machine, file)
  const model = isCall
    ? (callChart(limits, callSystemWith(machine)) as ChartModel)
    : modelOf(machine, exported as Exports)
  requireBeginning(model, file)
  return {
    model,
    ledger: ledger ? { file, cells: ledger } : null,
    machine: { file, name },
    isCall,
    part: machine,
  }
}

/** Loads a ledger: what the module exports as `ledger` or as CALL_TABLE, or the JSON. Rejects with UnusableChart. */
export async function loadLedger(file: string): Promise<Ledger> {
  const exported = await importFile(file)
  const cells = exported.ledger ?? exported.CALL_TABLE ?? exported.default
  if (typeof cells !== 'object' || cells === null)
    throw new UnusableChart(`${file} holds no ledger: export one as \`ledger\`, by place and then by event.`)
  return {
    file,
    cells: cells as Ledger['cells'],
    ...(exported.IGNORED_MESSAGES ? { messages: exported.IGNORED_MESSAGES as Ledger['messages'] } : {}),
  }
}

async function importFile(file: string): Promise<Record<string, unknown>> {
  const found = await stat(file).catch(() => null)
  if (!found?.isFile()) throw new UnusableChart(`There is no file ${file}.`)
  const url = pathToFileURL(resolve(file)).href
  try {
    return file.endsWith('.json') ? await import(url, { with: { type: 'json' } }) : await import(url)
  } catch (error) {
    const fault = await loadFault(error, dirname(resolve(file)))
    throw new UnusableChart(`${file} cannot be loaded${fault}`, { cause: error })
  }
}

const isMachine = (value: unknown): value is AnyStateMachine =>
  typeof value === 'object' && value !== null && 'root' in value && 'getInitialSnapshot' in value

function machineIn(
  exported: Record<string, unknown>,
  file: string,
): { machine: AnyStateMachine; name: string } {
  const machines = Object.entries(exported).filter(([, value]) => isMachine(value))
  const [found] = machines
  if (!found)
    throw new UnusableChart(
      `${file} exports no machine: export what \`setup().createMachine()\` made. It exports: ${Object.keys(exported).join(', ') || 'nothing'}.`,
    )
  if (new Set(machines.map(([, machine]) => machine)).size > 1)
    throw new UnusableChart(
      `${file} exports several machines, ${machines.map(([name]) => name).join(', ')}: leave one of them.`,
    )
  return { name: found[0], machine: found[1] as AnyStateMachine }
}

export function modelOf(
  machine: AnyStateMachine,
  { inputs, events, identity, lasting, hears }: Exports,
): ChartModel {
  const guessed = eventsTakenBy(machine)
  const only = ({ machines }: SystemSnapshot) => machines[machine.id] as AnyMachineSnapshot
  return {
    system: systemOf(machine),
    inputs: inputs ?? { 'no input': undefined },
    outside: typeof events === 'function' ? (snapshot) => events(only(snapshot)) : () => events ?? guessed,
    guessesEvents: events === undefined,
    identity: (snapshot) => (identity ?? placeAndMemory)(only(snapshot)),
    rowName: placesOf,
    columnName: ({ type }) => delayOf(type) ?? type,
    lasting: lasting ?? null,
    hears: hears ? (snapshot) => hears(only(snapshot)) : null,
  }
}

const placeAndMemory = ({ value, context }: AnyMachineSnapshot): string => JSON.stringify([value, context])

/** By name alone: what they carry nobody knows. XState raises those of finished states itself. */
export const eventsTakenBy = ({ events }: AnyStateMachine): EventObject[] =>
  [...new Set(events as string[])]
    .filter((type) => !isTimer({ type }) && !type.startsWith('xstate.done.state.') && type !== '*')
    .map((type) => ({ type }))

function requireBeginning({ system, inputs }: ChartModel, file: string): void {
  for (const [name, input] of Object.entries(inputs)) {
    const failure = failureToBegin(system, input)
    if (failure === null) continue
    throw new UnusableChart(
      `The machine in ${file} cannot begin with ${name}: ${failure}. Export \`inputs\` beside it: its inputs, by name.`,
    )
  }
}

function failureToBegin(system: ChartModel['system'], input: unknown): string | null {
  try {
    const { status, error } = beginSystem(system, input).snapshot
    return status === 'error' ? (error as Error).message : null
  } catch (error) {
    return (error as Error).message
  }
}

/** A change of one of the machines of a call hears what the others say to it. */
function requirePart({ id, events }: AnyStateMachine, file: string): void {
  if ((events as string[]).some((type) => RECEIVERS[type as MessageType]?.includes(id as Address))) return
  throw new UnusableChart(
    `The machine in ${file} is called ${id}, as one of the machines of a call is, but takes nothing of what those say to it: let it take what machines/call/messages.ts lists, or give it another id and export \`inputs\` and \`events\` beside it.`,
  )
}
