import {
  type AnyActorScope,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  createActor,
  type EventObject,
  type ExecutableActionObject,
  initialTransition,
  transition,
} from 'xstate'

/*
 * XState's pure `initialTransition` and `transition` make an actor for each step, only to have one to name; half of a step's time
 * goes there. These do the same with one for each machine. A machine that has children is left to XState: they are kept by the actor.
 */

type Listed = [snapshot: AnyMachineSnapshot, actions: ExecutableActionObject[]]

/** The first snapshot and the actions that it asks for, none of which is run. */
export function inertBeginning(machine: AnyStateMachine, input: unknown): Listed {
  if (hasChildren(machine)) return initialTransition(machine, input as never)
  const actions: ExecutableActionObject[] = []
  return [machine.getInitialSnapshot(scopeOf(machine, actions), input as never), actions]
}

/** The next snapshot and the actions that it asks for, none of which is run. Throws what a guard throws. */
export function inertTransition(
  machine: AnyStateMachine,
  snapshot: AnyMachineSnapshot,
  event: EventObject,
): Listed {
  // As an actor that is over hears nothing more.
  if (snapshot.status !== 'active') return [snapshot, []]
  if (hasChildren(machine)) return transition(machine, snapshot, event)
  const actions: ExecutableActionObject[] = []
  return [machine.transition(snapshot, event, scopeOf(machine, actions)), actions]
}

const hasChildren = ({ implementations }: AnyStateMachine) => Object.keys(implementations.actors).length > 0

const nobodies = new WeakMap<AnyStateMachine, AnyActorScope['self']>()

/** Whatever would be run is listed, and nothing is started, told or logged. */
function scopeOf(machine: AnyStateMachine, actions: ExecutableActionObject[]): AnyActorScope {
  const self = nobodies.get(machine) ?? createActor(machine, { input: {} })
  nobodies.set(machine, self)
  const nothing = () => {}
  return {
    self,
    system: self.system,
    id: '',
    sessionId: '',
    defer: nothing,
    logger: nothing,
    stopChild: nothing,
    emit: nothing,
    actionExecutor: (action) => actions.push(action),
  }
}
