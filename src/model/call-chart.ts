import type { AnyStateMachine } from 'xstate'
import { callMachine } from '../../machines/call.machine.ts'
import type { CallInput, CallLimits } from '../../machines/call-events.ts'
import { type LegInstruction, legInstructions, mediaInstruction } from '../../machines/instructions.ts'
import { columnName, rowName } from './call-cells.ts'
import {
  type AnyEvent,
  type CallSnapshot,
  INPUTS,
  LIMITS,
  outsideEvents,
  serializeState,
  viewOf,
} from './call-model.ts'
import { type ChartModel, type Explored, explore, type Hearing } from './explore.ts'

/*
 * The call's chart with what of its world has to be known to walk through it. `machine` is another one when somebody tries
 * a change in a file of their own.
 */

/** A conversation goes on for as long as two like to talk, and a voice that is known waits for the call to end. */
const LASTING = [
  'live.leg.bridged.talking',
  'live.voice.settled.cached',
  'live.voice.settled.cloned',
  'live.voice.settled.default',
]

export const callChart = (
  limits: CallLimits = LIMITS,
  machine: AnyStateMachine = callMachine,
): ChartModel<CallSnapshot> => ({
  machine,
  inputs: Object.fromEntries(Object.entries(INPUTS).map(([name, input]) => [name, { ...input, limits }])),
  outside: outsideEvents,
  identity: serializeState,
  rowName,
  columnName: (event) => columnName(event as AnyEvent),
  lasting: LASTING,
  hears,
})

export type CallGraph = Explored<CallSnapshot>

const ofTests = callChart()

/** Every state that a call of this input can be in, and everything that can happen in each. */
export const exploreCall = (input: CallInput): CallGraph => explore(ofTests, input)

/** What reaches the caller's ear, by what the two sides of the call are told. */
function hears(call: CallSnapshot): Hearing {
  const view = viewOf(call)
  // A state that was just added has no instructions yet, though the types promise some.
  const told = legInstructions(view) as LegInstruction[] | undefined
  if (!told) return 'not said'
  const [first] = told
  if (first?.do === 'hang-up') return 'hung up'
  if (first?.do !== 'connect-media') return 'sound'
  const media = mediaInstruction(view, view.context.attempt)
  // A lost agent is waited for with music, until it is there again.
  if (media === 'relay' || media === 'await-agent' || view.bridge === 'reconnecting') return 'sound'
  return media === 'connect-agent' ? 'nothing' : 'nothing, until the carrier answers'
}
