import type { AnyStateMachine } from 'xstate'
import { callSystem, isAboutLeg } from '../../machines/call/call-system.ts'
import type { CallEvent, CallInput, CallLimits } from '../../machines/call-events.ts'
import { type LegInstruction, legInstructions, mediaInstruction } from '../../machines/instructions.ts'
import type { MachineSystem } from '../actors/machine-system.ts'
import {
  type AnyEvent,
  type CallSnapshot,
  INPUTS,
  LEG,
  LIMITS,
  outsideEvents,
  serializeState,
  viewOf,
} from './call-model.ts'
import { type ChartModel, type Explored, explore, type Hearing } from './explore.ts'
import { columnName, rowName } from './table-labels.ts'

/*
 * The call's chart with what of its world has to be known to walk through it. `system` is another one when somebody tries a
 * change in a file of their own.
 */

/** What may last as long as the call, and what is left only by what another machine says, which has the time limit. */
const LASTING = [
  // A conversation goes on for as long as two like to talk, and a voice that is known waits for the call to end.
  'conversation.live.talking',
  'voice.settled.cached',
  'voice.settled.cloned',
  'voice.settled.default',
  // The leg says when it asks, streams or is gone, and gives the carrier up in time.
  'call.greeting',
  'call.hold',
  'call.bridging',
  // The other end of the leg says when somebody else is to have the call.
  'transfer.idle',
  'transfer.over',
  // The call says when a bridge is there, and when the last word is over.
  'conversation.idle',
  'leg.closing',
  // The relay says when a stream ends, and the conversation asks for the leg every few minutes.
  'call.bridged',
  'leg.streaming',
]

/** The call's machines with one of them changed: it takes the place of the one whose id it has. */
export const callSystemWith = (machine: AnyStateMachine): MachineSystem => ({
  ...callSystem,
  machines: { ...callSystem.machines, [machine.id]: machine },
})

export const callChart = (
  limits: CallLimits = LIMITS,
  system: MachineSystem = callSystem,
): ChartModel<CallSnapshot> => ({
  system,
  inputs: Object.fromEntries(Object.entries(INPUTS).map(([name, input]) => [name, { ...input, limits }])),
  outside: outsideEvents,
  identity: serializeState,
  rowName,
  columnName: (event) => columnName(event as AnyEvent),
  lasting: LASTING,
  hears,
  beside: ['transfer'],
  strangers: (call) => outsideEvents(call).filter(isAboutLeg).map(ofAnotherLeg),
})

const ofAnotherLeg = (event: CallEvent) => ({ ...event, leg: `not ${LEG}` })

export type CallGraph = Explored<CallSnapshot>

const ofTests = callChart()

/** Every state that a call of this input can be in, and everything that can happen in each. */
export const exploreCall = (input: CallInput): CallGraph => explore(ofTests, input)

/** What reaches the caller's ear, by what the two sides of the call are told. */
function hears(call: CallSnapshot): Hearing {
  const view = viewOf(call)
  // A state that was just added has no instructions yet, though the types promise some.
  const instructions = legInstructions(view) as LegInstruction[] | undefined
  if (!instructions) return 'not said'
  const [first] = instructions
  if (first?.do === 'hang-up') return 'hung up'
  if (first?.do !== 'connect-media') return 'sound'
  const media = mediaInstruction(view, view.context.bridgeNumber)
  // A lost agent is waited for with music, until it is there again.
  if (media === 'relay' || media === 'await-agent' || view.bridge === 'reconnecting') return 'sound'
  return media === 'connect-agent' ? 'nothing' : 'nothing, until the carrier answers'
}
