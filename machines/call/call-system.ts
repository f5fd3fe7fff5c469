import type { AnyMachineSnapshot, EventObject } from 'xstate'
import type { LegRole } from '../call-events.ts'
import { callMachine } from './call.machine.ts'
import { conversationMachine } from './conversation.machine.ts'
import { legMachine } from './leg.machine.ts'
import { transferMachine } from './transfer.machine.ts'
import { voiceMachine } from './voice.machine.ts'

/**
 * Saved with every snapshot; raised with every change that a saved state would not survive, together with an upgrade in
 * upgrades.ts from the version before.
 */
export const CHART_VERSION = '4'

/** Who speaks of the call as a whole, by the first word of their events. */
const MACHINE_OF_SENDER: Record<string, keyof typeof machines> = {
  operator: 'call',
  agent: 'conversation',
  voice: 'voice',
}

/** Who speaks of one of its legs: a carrier, its media stream, whoever looks after the process that holds it, who is to be on it. */
const SPEAK_OF_A_LEG = ['leg', 'media', 'relay', 'transfer']

const senderOf = ({ type }: { type: string }): string => type.split('.', 1)[0] ?? ''

export const isAboutLeg = (event: { type: string }): boolean => SPEAK_OF_A_LEG.includes(senderOf(event))

/** The address of the machine of each leg, by what the party on it is to the call. */
export const LEG_ADDRESSES = { caller: 'leg' } as const satisfies Record<LegRole, keyof typeof machines>

const machines = {
  call: callMachine,
  leg: legMachine,
  conversation: conversationMachine,
  voice: voiceMachine,
  transfer: transferMachine,
}

/**
 * A call is a small system of machines, which say to each other what is in messages.ts and nothing else.
 */
export const callSystem = {
  id: 'call-system',
  version: CHART_VERSION,
  machines,
  main: 'call',
  /** An event's type begins with its sender. */
  addressOf(event: EventObject, machines: Readonly<Record<string, AnyMachineSnapshot>>): string | null {
    if (!isAboutLeg(event)) return MACHINE_OF_SENDER[senderOf(event)] ?? 'call'
    const address = addressOfLeg((event as { leg?: string }).leg, machines)
    if (senderOf(event) !== 'transfer') return address
    // It is the caller in whose place somebody is put.
    return address === LEG_ADDRESSES.caller ? 'transfer' : null
  },
} as const

/** Of a leg that the call does not have, nobody hears. */
function addressOfLeg(
  legId: string | undefined,
  machines: Readonly<Record<string, AnyMachineSnapshot>>,
): string | null {
  if (legId === undefined) return LEG_ADDRESSES.caller
  const addresses: string[] = Object.values(LEG_ADDRESSES)
  return addresses.find((address) => machines[address]?.context.legId === legId) ?? null
}

export type CallMachines = typeof machines
