import { callMachine } from './call.machine.ts'
import { conversationMachine } from './conversation.machine.ts'
import { legMachine } from './leg.machine.ts'
import { voiceMachine } from './voice.machine.ts'

/**
 * Saved with every snapshot; raised with every change that a saved state would not survive, together with an upgrade in
 * upgrades.ts from the version before.
 */
export const CHART_VERSION = '4'

const MACHINE_OF_SENDER: Record<string, keyof typeof machines> = {
  operator: 'call',
  leg: 'leg',
  media: 'leg',
  relay: 'leg',
  agent: 'conversation',
  voice: 'voice',
}

const machines = {
  call: callMachine,
  leg: legMachine,
  conversation: conversationMachine,
  voice: voiceMachine,
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
  addressOf: ({ type }: { type: string }): string => MACHINE_OF_SENDER[type.split('.', 1)[0] ?? ''] ?? 'call',
} as const

export type CallMachines = typeof machines
