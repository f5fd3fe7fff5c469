import type { AnyStateMachine, AnyStateNode } from 'xstate'
import type { MachineSystem } from './machine-system.ts'

/*
 * A statechart as data, for whoever draws it or reasons about it. XState's own `definition` leaves out the transitions that
 * need no event, where a state begins, and guards and actions that are made of others.
 */

/** One way out of a state; `eventType` is empty when it is taken by itself. Targets and source are ids of states. */
export type ChartTransition = {
  /** As `transitionId` names it; what replay, coverage and drawings know it by. */
  id: string
  eventType: string
  source: string
  target: string[]
  guard: string | null
  actions: string[]
  /** The name of the delay, when it is time that makes this transition. */
  delay: string | null
  /** How long that is; null when it depends on the call. */
  delayMs: number | null
  reenter: boolean
}

export type ChartState = {
  id: string
  key: string
  type: AnyStateNode['type']
  description: string | null
  tags: string[]
  /** The ids of the states that it begins in; none when it has none within, or begins in all of them. */
  initial: string[]
  entry: string[]
  exit: string[]
  transitions: ChartTransition[]
  states: Record<string, ChartState>
}

export type ChartDefinition = ChartState & { version: string | null }

/** The machines of an actor, each as a part of one chart, beside each other. */
export function systemDefinition({ id, version, machines }: MachineSystem): ChartDefinition {
  const parts = Object.entries(machines)
  const [only] = parts.length === 1 ? parts : []
  if (only) return { version, ...partOf(only[1]) }
  return {
    id,
    key: id,
    version,
    type: 'parallel',
    description: null,
    tags: [],
    initial: [],
    entry: [],
    exit: [],
    transitions: [],
    states: Object.fromEntries(
      parts.map(([address, machine]) => [address, { ...partOf(machine), key: address }]),
    ),
  }
}

const partOf = ({ root, implementations }: AnyStateMachine) => stateOf(root, implementations.delays)

type Delays = AnyStateMachine['implementations']['delays']

/**
 * `call.live.leg.hold on leg.instructionsRequested #1`: one of several for the same event is told by its place among them, counted from 1.
 * `eventType` is empty for what is taken by itself.
 */
export const transitionId = (source: string, eventType: string, place: number): string =>
  `${source} on ${eventType || 'nothing'} #${place}`

function stateOf(node: AnyStateNode, delays: Delays): ChartState {
  const ways = [...node.transitions.values(), node.always ?? []].flatMap((siblings) =>
    siblings.map((way, index) => transitionOf(way, index + 1, delays)),
  )
  return {
    id: node.id,
    key: node.key,
    type: node.type,
    description: node.description ?? null,
    tags: [...node.tags],
    initial: node.type === 'compound' ? (node.initial.target ?? []).map(({ id }) => id) : [],
    entry: names(node.entry),
    exit: names(node.exit),
    transitions: ways,
    states: Object.fromEntries(
      Object.entries(node.states).map(([key, state]) => [key, stateOf(state as AnyStateNode, delays)]),
    ),
  }
}

type Way = NonNullable<AnyStateNode['always']>[number] & { delay?: string | number }

function transitionOf(way: Way, place: number, delays: Delays): ChartTransition {
  const length = typeof way.delay === 'string' ? delays[way.delay] : way.delay
  return {
    id: transitionId(way.source.id, way.eventType, place),
    eventType: way.eventType,
    source: way.source.id,
    target: (way.target ?? []).map(({ id }) => id),
    guard: way.guard ? guardName(way.guard) : null,
    actions: names(way.actions),
    delay: way.delay === undefined ? null : String(way.delay),
    delayMs: typeof length === 'number' ? length : null,
    reenter: way.reenter,
  }
}

type Guard = string | { type?: string; guards?: readonly Guard[]; name?: string }

/** `and(['a', 'b'])` is `a and b`. */
function guardName(guard: unknown): string {
  const { type, guards, name } = Object(guard) as Exclude<Guard, string>
  if (typeof guard === 'string') return guard
  if (guards) return guards.map(guardName).join(` ${name} `)
  return type ?? name ?? 'guard'
}

/** What the chart does by itself for its timers is told by the timers. */
function names(actions: readonly unknown[]): string[] {
  return actions.map(actionName).filter((name) => !/^(raise )?xstate\./.test(name))
}

function actionName(action: unknown): string {
  const said = messageOf(action)
  if (said) return said
  const { type, name, event } = Object(action) as { type?: string; name?: string; event?: { type?: string } }
  if (typeof action === 'string') return action
  if (type === 'xstate.raise' && event?.type) return `raise ${event.type}`
  return type ?? name ?? 'action'
}

/** `tell leg call.letGo`: what a machine says to another of its system. */
function messageOf(action: unknown): string | null {
  const { type, to, event } = Object(action) as { type?: string; to?: { address?: string }; event?: unknown }
  if (type !== 'xstate.sendTo' || !to?.address) return null
  const { type: message, messageType = message } = Object(event) as { type?: string; messageType?: string }
  return `tell ${to.address} ${messageType}`
}
