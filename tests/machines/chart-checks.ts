import { callSystem } from '../../machines/call/call-system.ts'
import type { CallEffect } from '../../machines/call-events.ts'
import { saveSystem } from '../../src/actors/saved-system.ts'
import { delayOf } from '../../src/actors/timer-id.ts'
import { callCharts } from '../../src/calls/saved-call.ts'
import type { CallGraph } from '../../src/model/call-chart.ts'
import {
  ALL_TIMERS,
  type AnyEvent,
  type CallSnapshot,
  feed,
  outsideEvents,
  placeOf,
  serializeState,
} from '../../src/model/call-model.ts'
import { graphOf } from '../../src/model/chart-walk.ts'
import * as boundedTime from '../../src/model/checks/bounded-time.ts'

/*
 * Questions that can be asked of any chart and any graph of its states. Each answers with what it found, so that a test
 * that fails says which states are at fault.
 */

/** The closed list of what a call asks of the world; the compiler holds it against CallEffect. */
export const EFFECTS: {
  [Type in CallEffect['type']]: (keyof Extract<CallEffect, { type: Type }>['params'])[]
} = {
  requestClone: ['sampleKey'],
  recordCloneTimeout: ['sampleKey'],
  redirectLeg: ['leg', 'bridgeNumber'],
  checkLeg: ['leg', 'bridgeNumber'],
  forgetVoice: ['sampleKey', 'voiceId'],
  hangUpLeg: ['leg', 'reason'],
}

const GRAPH = graphOf(callSystem)

/** The delays that bound how long a call may stay in each place where it can rest, the nearest first. */
export function timeBounds(): Record<string, string[]> {
  const bounds = boundedTime.timeBounds(GRAPH)
  return Object.fromEntries(
    GRAPH.states.flatMap((state) => {
      const found = bounds.get(state.id)
      return found ? [[state.id, found]] : []
    }),
  )
}

/** No time passes in these. */
export const wayPoints = (): string[] =>
  GRAPH.states.filter(({ isPassedThrough }) => isPassedThrough).map(({ id }) => id)

/**
 * The longest time, in milliseconds, that a call goes on from each leg state when nobody says another word and only the
 * named timers run; Infinity when they run in circles or run out before the call has ended.
 */
export function longestTimeAlone(
  { states, edges }: CallGraph,
  delays: Record<string, number>,
): Map<string, number> {
  const timers = edges.filter(({ event }) => delays[delayOf(event.type) ?? ''] !== undefined)
  const next = Map.groupBy(timers, ({ from }) => serializeState(from))
  const known = new Map<string, number>()

  function timeFrom(snapshot: CallSnapshot): number {
    if (snapshot.status === 'done') return 0
    const state = serializeState(snapshot)
    const found = known.get(state)
    if (found !== undefined) return found
    // Stands for this state while it is being looked at: meeting it again means going in a circle.
    known.set(state, Infinity)
    const following = next.get(state) ?? []
    const lengths = following.map(
      ({ event, snapshot }) => (delays[delayOf(event.type) ?? ''] ?? 0) + timeFrom(snapshot),
    )
    known.set(state, lengths.length > 0 ? Math.max(...lengths) : Infinity)
    return known.get(state) ?? Infinity
  }

  const longest = new Map<string, number>()
  for (const snapshot of states) {
    const { leg } = placeOf(snapshot)
    longest.set(leg, Math.max(longest.get(leg) ?? 0, timeFrom(snapshot)))
  }
  return longest
}

/** What the world is asked for anywhere in the graph, each with the names of its parameters. */
export function effectsAsked({ start, edges }: CallGraph): Record<string, string[]> {
  const actions = [start, ...edges].flatMap((step) => [...step.actions])
  const effects = actions.filter(({ type }) => !type.startsWith('xstate.'))
  return Object.fromEntries(effects.map(({ type, params }) => [type, Object.keys(params ?? {})]))
}

export function outputs({ states }: CallGraph): { reason: string; fault: string }[] {
  return states.flatMap(({ status, output }) => (status === 'done' && output ? [output] : []))
}

/** The edges that come out differently for a call that was saved as JSON and restored before each of them. */
export function edgesThatASaveChanges({ edges }: CallGraph): CallGraph['edges'] {
  return edges.filter(({ from, event, ...expected }) => {
    const { snapshot, actions } = feed(throughJson(from), event as AnyEvent)
    return saved(snapshot) !== saved(expected.snapshot) || told(actions) !== told(expected.actions)
  })
}

/** Events that ask the world for something while the state stays the very same object, which nobody would save. */
export function requestsWithoutChange({ states }: CallGraph): string[] {
  return states.flatMap((state) =>
    everyEvent(state)
      .filter((event) => {
        const { snapshot, actions } = feed(state, event)
        return snapshot === state && actions.length > 0
      })
      .map((event) => `${event.type} in ${serializeState(state)}`),
  )
}

export function eventsHeardAfterTheEnd({ states }: CallGraph): string[] {
  const ended = states.filter(({ status }) => status === 'done').map(throughJson)
  return ended.flatMap((state) =>
    everyEvent(state)
      .filter((event) => {
        const { snapshot, actions } = feed(state, event)
        return snapshot !== state || actions.length > 0
      })
      .map((event) => `${event.type} in ${serializeState(state)}`),
  )
}

/** Also the timers of states that the call is not in: one may fire while the event that stops it is on its way. */
const everyEvent = (state: CallSnapshot): AnyEvent[] => [...outsideEvents(state), ...ALL_TIMERS]

function throughJson(snapshot: CallSnapshot): CallSnapshot {
  const restored = callCharts.restore({
    id: 'call',
    snapshot: JSON.parse(saved(snapshot)),
    chartVersion: callCharts.id,
  })
  if (!restored) throw new Error(`${serializeState(snapshot)} was saved and cannot be restored.`)
  return restored
}

const saved = (snapshot: CallSnapshot) => JSON.stringify(saveSystem(snapshot))

const told = (actions: CallGraph['start']['actions']) =>
  JSON.stringify(actions.map(({ type, params }) => [type, params]))
