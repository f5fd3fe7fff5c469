import { callSystem } from '../../machines/call/call-system.ts'
import type { CallInput } from '../../machines/call-events.ts'
import type { AnyEvent, CallSnapshot } from './call-model.ts'
import { chartElements, walkOfBeginning, walkOfStep } from './chart-walk.ts'

/* The states and transitions of the call's chart, and which of them a step goes through; all by their ids. */

export const CALL_ELEMENTS = chartElements(callSystem)

/** The elements that a new call goes through before anything happens to it. */
export function elementsOfBeginning(input: CallInput): string[] {
  const { entered, took } = walkOfBeginning(callSystem, input)
  return [...entered, ...took]
}

/** The elements that one event takes a call through. */
export function elementsOfStep(call: CallSnapshot, event: AnyEvent): string[] {
  const { entered, took } = walkOfStep(callSystem, call, event)
  return [...entered, ...took]
}
