import {
  type AnyTransitionDefinition,
  createActor,
  type EventFromLogic,
  type InspectionEvent,
  SimulatedClock,
} from 'xstate'
import { getStateNodes } from 'xstate/graph'
import { callMachine } from '../../machines/call.machine.ts'
import type { CallInput } from '../../machines/call-events.ts'
import type { AnyEvent, CallSnapshot } from './call-model.ts'

/*
 * Which states a step enters and which transitions it takes. XState's pure functions do not tell, its inspection does:
 * the step is taken by an ordinary actor that lives no longer than that.
 */

/** Every state and transition of the chart, as `call.live.leg.hold` and `call.live.leg.hold on leg.asked #1`. */
export function chartElements(): string[] {
  const nodes = [callMachine.root, ...getStateNodes(callMachine.root)]
  return nodes.flatMap((node) => [
    node.id,
    ...[...node.transitions.values(), node.always ?? []].flat().map(nameOf),
  ])
}

/** One of several transitions that a state has for one event is told from the others by its place among them. */
function nameOf(transition: AnyTransitionDefinition): string {
  const { source, eventType } = transition
  const siblings = eventType === '' ? source.always : source.transitions.get(eventType)
  return `${source.id} on ${eventType || 'nothing'} #${(siblings ?? []).indexOf(transition) + 1}`
}

/** The elements that a new call goes through before anything happens to it. */
export function elementsOfBeginning(input: CallInput): string[] {
  const seen = new Set<string>()
  const actor = createActor(callMachine, { input, clock: new SimulatedClock(), inspect: noting(seen) })
  actor.start().stop()
  return [...seen]
}

/** The elements that one event takes a call through. */
export function elementsOfStep(call: CallSnapshot, event: AnyEvent): string[] {
  const seen = new Set<string>()
  const snapshot = callMachine.getPersistedSnapshot(call)
  // XState's types want an input also where a snapshot makes it needless.
  const input: CallInput = { admission: 'accepted', ...call.context }
  const options = { snapshot, input, clock: new SimulatedClock(), inspect: noting(seen) }
  const actor = createActor(callMachine, options).start()
  actor.send(event as EventFromLogic<typeof callMachine>)
  actor.stop()
  return [...seen]
}

const noting = (seen: Set<string>) => (inspected: InspectionEvent) => {
  if (inspected.type !== '@xstate.microstep') return
  for (const transition of inspected._transitions) {
    seen.add(nameOf(transition))
    // Of the states that are left at once, only the transition out of them is seen.
    seen.add(transition.source.id)
  }
  for (const { id } of (inspected.snapshot as CallSnapshot)._nodes) seen.add(id)
}
