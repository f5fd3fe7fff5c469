import { describe, expect, it, test } from 'vitest'
import { callSystem } from '../../machines/call/call-system.ts'
import type { CallEvent } from '../../machines/call-events.ts'
import { type ChartDefinition, systemDefinition } from '../../src/actors/chart-definition.ts'
import { saveSystem } from '../../src/actors/saved-system.ts'
import { callCharts } from '../../src/calls/saved-call.ts'
import { beginCall, stepCall } from '../../src/calls/step.ts'
import { activeStates, leavesOf, transitionsFrom } from '../../src/console/chart/chart-activity.ts'
import { transitionsTaken } from '../../src/console/chart/taken-transitions.ts'
import { INPUTS } from '../../src/model/call-model.ts'
import { walkOfBeginning, walkOfStep } from '../../src/model/chart-walk.ts'
import { chartOf, edgeWords, nodeAt } from '../../src/model/drawn-chart.ts'
import { CALL_ELEMENTS } from '../support/call-coverage.ts'

const definition = JSON.parse(JSON.stringify(systemDefinition(callSystem))) as ChartDefinition
const chart = chartOf(definition)
const pathsOf = (ids: Iterable<string>) => [...ids].map((id) => chart.nodes.get(id)?.path).sort()

/** What the chart does without leaving the state that it is in: there is nothing to draw a line to. */
const staying = ({ states, transitions }: Pick<ChartDefinition, 'states' | 'transitions'>): string[] => [
  ...transitions.filter(({ target }) => target.length === 0).map(({ id }) => id),
  ...Object.values(states).flatMap(staying),
]

describe('the chart that is drawn', () => {
  it('has every state and every transition of the machine that leads to one, and no other', () => {
    const { states, transitions } = CALL_ELEMENTS
    expect([...chart.nodes.keys()].sort()).toEqual([...states].sort())
    const drawn = chart.edges.flatMap(({ transitions }) => transitions.map(({ id }) => id))
    expect([...new Set([...drawn, ...staying(definition)])].sort()).toEqual([...transitions].sort())
  })

  it('knows where it begins, which the machine says nowhere but in its own objects', () => {
    expect(nodeAt(chart, 'conversation.live')?.initial.map((id) => chart.nodes.get(id)?.key)).toEqual([
      'connecting',
    ])
  })

  it('says on each line what makes a call go along it', () => {
    const words = (from: string, to: string) => {
      const [source, target] = [nodeAt(chart, from)?.id, nodeAt(chart, to)?.id]
      const edge = chart.edges.find((drawn) => drawn.source === source && drawn.target === target)
      return edge ? edgeWords(chart, edge) : null
    }
    expect(words('greeting', 'polling')).toEqual(['leg.asks'])
    expect(words('awaitingHangup', 'gone')).toEqual(['after 15 s'])
    expect(words('cloning', 'settled.default')).toEqual([
      'call.isOver',
      'voice.failed',
      'after CLONE_MAX_WAIT',
    ])
    expect(words('bridgingAgain', 'opening')).toEqual(['[canJoinAgain]'])
    expect(words('bridgingAgain', 'leg.closing')).toEqual(['[else]'])
  })
})

describe('where a call is', () => {
  it('is read off its state value, in every region', () => {
    const active = activeStates(chart, {
      call: 'bridged',
      leg: 'streaming',
      conversation: { live: 'talking' },
      voice: { settled: 'cloned' },
    })
    expect(pathsOf(leavesOf(chart, active))).toEqual([
      'call.bridged',
      'conversation.live.talking',
      'leg.streaming',
      'voice.settled.cloned',
    ])
    expect(pathsOf(active)).toContain('conversation.live')
  })

  it('leaves out what the chart does not know', () => {
    expect(pathsOf(activeStates(chart, { leg: 'vanished' }))).toEqual(['', 'leg'])
    expect(activeStates(chart, null).size).toBe(1)
  })

  it('tells what can happen there, the innermost first', () => {
    const events = transitionsFrom(
      chart,
      activeStates(chart, { call: 'hold', leg: 'answered', voice: 'cloning' }),
    )
    const types = events.map(({ eventType }) => eventType)
    expect(types).toEqual(
      expect.arrayContaining([
        'leg.instructionsRequested',
        'voice.ready',
        'operator.hangupRequested',
        'leg.ended',
      ]),
    )
    expect(types.indexOf('leg.instructionsRequested')).toBeLessThan(types.indexOf('leg.ended'))
  })
})

/** Everything that may be said to a call; most of it changes something somewhere. */
const SAYABLE: CallEvent[] = [
  { type: 'leg.instructionsRequested' },
  { type: 'voice.ready', voiceId: 'v' },
  { type: 'voice.failed', cause: 'c' },
  { type: 'operator.hangupRequested', by: 'api' },
  { type: 'leg.ended', status: 'completed' },
  { type: 'leg.streamEnded' },
  ...[1, 2, 3].flatMap((bridgeNumber): CallEvent[] => [
    { type: 'media.joined', bridgeNumber, node: 'n' },
    { type: 'media.lost', bridgeNumber, clean: true },
    { type: 'media.lost', bridgeNumber, clean: false },
    { type: 'agent.ready', bridgeNumber, conversationId: 'c' },
    { type: 'agent.lost', bridgeNumber, cause: 'c' },
    { type: 'agent.ended', bridgeNumber },
  ]),
]

/** A call that hears these one after the other, and what it was taken through. */
function courses(input: (typeof INPUTS)[keyof typeof INPUTS], depth: number) {
  const seen = new Set<string>()
  const found: { before: unknown; after: unknown; event: string; took: string[] }[] = []
  const visit = (row: Parameters<typeof stepCall>[0], left: number) => {
    if (left === 0) return
    const before = callCharts.restore(row)
    if (!before) return
    const { value } = saveSystem(before)
    for (const event of SAYABLE) {
      const step = stepCall(row, event)
      if (!step) continue
      const after = (step.snapshot as { value: unknown }).value
      const key = JSON.stringify([value, event, after])
      if (seen.has(key)) continue
      seen.add(key)
      found.push({
        before: value,
        after,
        event: event.type,
        took: walkOfStep(callSystem, before, event).took,
      })
      visit({ ...row, snapshot: step.snapshot, endedAt: step.end ? new Date(0) : null }, left - 1)
    }
  }
  const { snapshot, chartVersion } = beginCall('call', input)
  visit({ id: 'call', snapshot, chartVersion, lastSeq: 1, endedAt: null }, depth)
  return found
}

/** Two transitions that only a condition tells apart share a line, and the line is what lights up. */
const linesOf = (took: string[]) =>
  chart.edges.filter(({ transitions }) => transitions.some(({ id }) => took.includes(id))).map(({ id }) => id)

describe('the transitions that a call took', () => {
  test.each(Object.entries(INPUTS))('is the one that the machine says, for a call with %s', (_, input) => {
    const found = courses(input, 7)
    expect(found.length).toBeGreaterThan(0)
    for (const { before, after, event, took } of found) {
      const taken = transitionsTaken(chart, activeStates(chart, before), activeStates(chart, after), event)
      expect(linesOf(taken.map(({ id }) => id)), `${event} from ${JSON.stringify(before)}`).toEqual(
        linesOf(took),
      )
    }
  })

  it('is told of the beginning too', () => {
    const input = INPUTS['voice to clone']
    const { snapshot } = beginCall('call', input)
    const taken = transitionsTaken(
      chart,
      null,
      activeStates(chart, (snapshot as { value: unknown }).value),
      'call.began',
    )
    expect(taken.map(({ id }) => id).sort()).toEqual(walkOfBeginning(callSystem, input).took.sort())
  })

  it('is none where several steps were dropped that no single event could make', () => {
    const before = activeStates(chart, {
      call: 'greeting',
      leg: 'answered',
      conversation: 'idle',
      voice: 'cloning',
    })
    const after = activeStates(chart, {
      call: 'bridged',
      leg: 'streaming',
      conversation: { live: 'talking' },
      voice: { settled: 'cloned' },
    })
    expect(transitionsTaken(chart, before, after, 'agent.ready')).toEqual([])
  })
})
