import { describe, expect, test, vi } from 'vitest'
import { type AnyActorRef, createActor, createMachine, SimulatedClock } from 'xstate'
import { callSystem } from '../../machines/call/call-system.ts'
import { END_REASONS } from '../../machines/end-reasons.ts'
import { callChart, exploreCall } from '../../src/model/call-chart.ts'
import { INPUTS, LIMITS, serializeState } from '../../src/model/call-model.ts'
import { statesWithoutEnd } from '../../src/model/checks/end-in-reach.ts'
import { checkSilence } from '../../src/model/checks/silence.ts'
import {
  EFFECTS,
  edgesThatASaveChanges,
  effectsAsked,
  eventsHeardAfterTheEnd,
  longestTimeAlone,
  outputs,
  requestsWithoutChange,
} from './chart-checks.ts'

/** Thousands of states, each with everything that can be said to it. */
vi.setConfig({ testTimeout: 120_000 })

const graphs = Object.entries(INPUTS).map(([name, input]) => ({ name, ...exploreCall(input) }))

describe('time', () => {
  test('a call that nobody speaks to any more ends by its short timers alone, unless it is talking', () => {
    const short = {
      CLONE_MAX_WAIT: LIMITS.cloneMaxWaitMs,
      LEG_PATIENCE: LIMITS.legPatienceMs,
      AGENT_CONNECT: LIMITS.agentConnectMs,
      // What goes back and forth within it is left out, or it would be a circle.
      AGENT_RECOVERY: LIMITS.agentRecoveryMs,
      REJOIN_PATIENCE: 15_000,
      FAREWELL: 30_000,
    }
    const longest = new Map<string, number>()
    for (const graph of graphs) {
      for (const [leg, ms] of longestTimeAlone(graph, short))
        longest.set(leg, Math.max(longest.get(leg) ?? 0, ms))
    }
    const waitAndJoin = LIMITS.cloneMaxWaitMs + LIMITS.legPatienceMs
    expect(Object.fromEntries(longest)).toEqual({
      greeting: waitAndJoin,
      hold: waitAndJoin,
      joining: LIMITS.legPatienceMs,
      'bridged.connecting': LIMITS.agentConnectMs + LIMITS.agentRecoveryMs + 30_000,
      'bridged.backingOff': LIMITS.agentRecoveryMs + 30_000,
      'bridged.reconnecting': LIMITS.agentConnectMs + LIMITS.agentRecoveryMs + 30_000,
      'bridged.talking': Infinity,
      departing: 15_000,
      rejoining: 15_000,
      failed: 30_000,
      rejected: 30_000,
      // Its clone may still be waited for, which changes nothing about the leg.
      closing: LIMITS.cloneMaxWaitMs + 30_000,
      ended: 0,
    })
  })

  test('each delay lasts as long as the call was told, or as the chart says', () => {
    const started = graphs.flatMap(({ start, edges }) =>
      [start, ...edges].flatMap(({ actions }) => [...actions]),
    )
    const lengths = new Map<string, Set<unknown>>()
    for (const { type, params } of started as { type: string; params: { id?: string; delay?: number } }[]) {
      const name = params.id?.split('.')[2]
      if (type !== 'xstate.raise' || !name) continue
      lengths.set(name, (lengths.get(name) ?? new Set()).add(params.delay))
    }
    expect(Object.fromEntries([...lengths].map(([name, ms]) => [name, [...ms]]))).toEqual({
      CALL_MAX: [LIMITS.callMaxMs],
      LEG_PATIENCE: [LIMITS.legPatienceMs],
      CLONE_MAX_WAIT: [LIMITS.cloneMaxWaitMs],
      GREETING_OVERDUE: [LIMITS.greetingOverdueMs],
      ROUND_OVERDUE: [LIMITS.roundOverdueMs],
      JOIN_OVERDUE: [10_000],
      AGENT_CONNECT: [LIMITS.agentConnectMs],
      AGENT_RECOVERY: [LIMITS.agentRecoveryMs],
      AGENT_PAUSE: LIMITS.agentPausesMs.slice(0, 2),
      AGENT_STEADY: [60_000],
      TALK_CHECK: [300_000],
      TRANSFER_RINGING: [45_000],
      REJOIN_OVERDUE: [3_000],
      REJOIN_PATIENCE: [15_000],
      FAREWELL: [30_000],
    })
  })

  test('a caller hears nothing for a while only, even when the carrier drops every stream just before the agent is there', () => {
    const chart = callChart()
    const { findings } = checkSilence(chart, graphs, { silenceMs: 60_000, carrierMs: 1_000 })
    expect(findings.map(({ where, why }) => `${where}: ${why}`)).toEqual([
      expect.stringMatching(
        /^joining: a caller may hear nothing for 82 s, more than 60 s: joining 1 s, bridged\.connecting 10 s, /,
      ),
    ])
  })

  test('as ordinary actors on a clock of their own the machines end a call that its carrier forgot', () => {
    const clock = new SimulatedClock()
    const machines = Object.entries(callSystem.machines)
    const together = createMachine({
      invoke: machines.map(([systemId, src]) => ({ systemId, src, input: INPUTS['voice to clone'] })),
    })
    const { system } = createActor(together, { clock }).start()
    const at = (address: string) => (system.get(address) as AnyActorRef).getSnapshot()
    clock.increment(LIMITS.cloneMaxWaitMs)
    expect([at('call').value, at('leg').value, at('voice').value]).toEqual([
      'bridging',
      'opening',
      { settled: 'default' },
    ])
    clock.increment(LIMITS.legPatienceMs - 1)
    const call = system.get('call') as AnyActorRef
    expect(call.getSnapshot().status).toBe('active')
    clock.increment(1)
    expect(call.getSnapshot().output).toEqual({ reason: 'carrier_lost', fault: 'carrier' })
  })
})

describe.each(graphs)('every state of a call with $name', (graph) => {
  test('can come to an end', () => {
    expect(statesWithoutEnd(graph, serializeState)).toEqual([])
  })

  test('goes on alike after it was saved as JSON and restored', () => {
    expect(edgesThatASaveChanges(graph)).toEqual([])
  })

  test('is another one after every event that asks for something, so that what did not change is not saved', () => {
    expect(requestsWithoutChange(graph)).toEqual([])
  })

  test('has a context of plain JSON', () => {
    for (const { machines } of graph.states)
      for (const { context } of Object.values(machines))
        expect(JSON.parse(JSON.stringify(context))).toStrictEqual(context)
  })

  test('has an end reason by the time it has ended', () => {
    for (const { status, machines } of graph.states) {
      if (status === 'done') expect(machines.call.context.endReason).not.toBeNull()
    }
  })

  test('ignores everything once it has ended, also after it was restored', () => {
    expect(eventsHeardAfterTheEnd(graph)).toEqual([])
  })
})

describe('what calls say', () => {
  test('they ask for what is in the list of effects, and for all of it', () => {
    expect(Object.assign({}, ...graphs.map(effectsAsked))).toEqual(EFFECTS)
  })

  test('they end in every way of the list, each with its fault', () => {
    const { chart_retired: _, snapshot_corrupt: saidByTheHostAlone, ...reasons } = END_REASONS
    expect(saidByTheHostAlone.fault).toBe('service')
    const ends = Object.fromEntries(graphs.flatMap(outputs).map(({ reason, fault }) => [reason, fault]))
    const expected = Object.entries(reasons).map(([reason, { fault }]) => [reason, fault])
    expect(ends).toEqual(Object.fromEntries(expected))
  })
})
