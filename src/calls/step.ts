import type { CallEvent, CallInput } from '../../machines/call-events.ts'
import { beginActor, type Steppable, stepActor } from '../actors/take-step.ts'
import type { TimerEvent } from '../actors/timer-id.ts'
import { callDefinition } from './call-definition.ts'
import type { Step } from './store.ts'

/* The call as a function: state and event in, a step to commit out. */

export const beginCall = (callId: string, input: CallInput): Step => beginActor(callDefinition, callId, input)

/** Null when the event changes nothing in the state that the call is in. */
export const stepCall = (row: Steppable, event: CallEvent | TimerEvent): Step | null =>
  stepActor(callDefinition, row, event)
