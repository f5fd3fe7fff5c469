import type { EventFromLogic } from 'xstate'
import { adjacencyMapToArray, getAdjacencyMap } from 'xstate/graph'
import { callMachine } from '../../machines/call.machine.ts'
import type { CallInput } from '../../machines/call-events.ts'
import {
  type AnyEvent,
  begin,
  type CallSnapshot,
  eventsIn,
  feed,
  type Step,
  serializeState,
} from './call-model.ts'

/** One thing that can happen in one state, and what comes of it. */
export type Edge = { from: CallSnapshot; event: AnyEvent } & Step

/** Every state that a call of this input can be in, and everything that can happen in each. */
export type CallGraph = { start: Step; states: CallSnapshot[]; edges: Edge[] }

/** How the graph functions of XState shall walk: with what may happen, and without telling equal states apart. */
export const traversal = (input: CallInput) => ({
  input,
  serializeState,
  // XState's types know nothing of the events of timers, which its functions take like any other.
  events: eventsIn as (snapshot: CallSnapshot) => EventFromLogic<typeof callMachine>[],
})

export function exploreCall(input: CallInput): CallGraph {
  const adjacency = getAdjacencyMap(callMachine, traversal(input))
  return {
    start: begin(input),
    states: Object.values(adjacency).map(({ state }) => state),
    edges: adjacencyMapToArray(adjacency).map(({ state, event }) => ({
      from: state,
      event,
      ...feed(state, event),
    })),
  }
}
