import { callMachine } from '../../machines/call.machine.ts'
import type { CallInput } from '../../machines/call-events.ts'
import type { AnyEvent, CallSnapshot } from './call-model.ts'
import { chartElements, walkOfBeginning, walkOfStep } from './chart-walk.ts'

/* The states and transitions of the call's chart, and which of them a step goes through; all by their ids. */

export const CALL_ELEMENTS = chartElements(callMachine)

/** The elements that a new call goes through before anything happens to it. */
export function elementsOfBeginning(input: CallInput): string[] {
  const { entered, took } = walkOfBeginning(callMachine, input)
  return [...entered, ...took]
}

/** The elements that one event takes a call through. */
export function elementsOfStep(call: CallSnapshot, event: AnyEvent): string[] {
  const { entered, took } = walkOfStep(callMachine, call, event)
  return [...entered, ...took]
}
