import { callSystem } from '../../machines/call/call-system.ts'
import type { CallInput } from '../../machines/call-events.ts'
import type { AnyEvent, CallSnapshot } from '../../src/model/call-model.ts'
import { graphOf, walkOfBeginning, walkOfStep } from '../../src/model/chart-walk.ts'

/* The states and transitions of the call's chart, and which of them a step goes through; all by their ids. */

const { states, transitions } = graphOf(callSystem)
/** Every state and transition of the call's chart. */
export const CALL_ELEMENTS = {
  states: states.map(({ id }) => id),
  transitions: transitions.map(({ id }) => id),
}

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
