import { describe, expect, test } from 'vitest'
import { legInstructions } from '../../machines/instructions.ts'
import { INPUTS, LIMITS } from '../../src/model/call-model.ts'
import { simpleCallPaths } from '../../src/model/call-paths.ts'
import { UnreplayableCall } from '../../src/replay/recorded-call.ts'
import { replay } from '../../src/replay/replay.ts'
import { asIfRecorded, CALL_ID, recorded, type Said, TALK } from './recording.ts'

/** The place of the first difference and what differs there. */
function firstOf(call: Parameters<typeof replay>[0]) {
  const { steps, firstDifference } = replay(call)
  if (firstDifference === null) return null
  const { seq, differences } = steps[firstDifference] ?? { seq: 0, differences: [] }
  return { seq, differences }
}

describe('a call that was recorded by this chart', () => {
  test('is reproduced, step by step', () => {
    const { steps, firstDifference } = replay(recorded())
    expect(firstDifference).toBeNull()
    expect(steps.map(({ type, reproduced }) => [type, reproduced.stateAfter, reproduced.voice])).toEqual([
      ['call.began', 'greeting', 'cloning'],
      ['leg.instructionsRequested', 'hold', 'cloning'],
      ['leg.instructionsRequested', 'hold', 'cloning'],
      ['voice.ready', 'joining', 'cloned'],
      ['media.joined', 'bridged.connecting', 'cloned'],
      ['agent.ready', 'bridged.talking', 'cloned'],
      ['media.lost', 'departing', 'cloned'],
      ['leg.ended', 'ended', 'cloned'],
    ])
  })

  test('tells of each step what the sides were told, what was asked of the world and which timers ran', () => {
    const { steps } = replay(recorded())
    expect(steps[3]).toMatchObject({
      reproduced: {
        leg: [{ do: 'connect-media', bridgeNumber: 1 }],
        media: 'close',
        effects: [{ type: 'redirectLeg', params: { bridgeNumber: 1 } }],
        context: { voiceId: 'vendor-voice-of-ann', bridgeNumber: 1 },
        timers: [
          { timerId: 'xstate.after.JOIN_OVERDUE.leg.opening', dueAt: '2026-01-05T12:00:15.500Z' },
          { timerId: 'xstate.after.LEG_PATIENCE.leg.opening', dueAt: '2026-01-05T12:00:50.500Z' },
          { timerId: 'xstate.after.CALL_MAX.call', dueAt: '2026-01-05T13:00:00.000Z' },
        ],
        states: expect.arrayContaining(['voice.settled.cloned', 'leg.opening']),
        accepts: expect.arrayContaining(['media.joined', 'leg.ended', 'operator.hangupRequested']),
      },
      entered: expect.arrayContaining(['call.bridging', 'leg.opening']),
      took: expect.arrayContaining(['voice.cloning on voice.ready #1', 'call.hold on voice.isSettled #1']),
    })
    expect(steps.at(-1)?.reproduced).toMatchObject({ timers: [], accepts: [], leg: [{ do: 'hang-up' }] })
  })

  // Four seconds of a processor, which others may want as well.
  test('is reproduced whatever way it went', { timeout: 60_000 }, () => {
    for (const path of simpleCallPaths()) {
      const said = path.steps.map(
        (step): Said => [0, step.party === 'timer' ? { type: step.timer } : step.event],
      )
      const { steps } = replay(recorded(said, path.input))
      // These paths let timers fall due at once, which a replay rightly finds too early.
      const differences = steps.flatMap((step) => step.differences.filter(({ what }) => what !== 'timer'))
      expect(differences, path.name).toEqual([])
    }
  })

  test('is reproduced as far as it was written down before snapshots were kept', () => {
    const call = recorded()
    for (const event of call.events) event.snapshot = null
    expect(firstOf(call)).toBeNull()
  })

  test('goes on living when it had not ended', () => {
    const { steps } = replay(recorded(TALK.slice(0, 5)))
    expect(steps.at(-1)?.reproduced).toMatchObject({ stateAfter: 'bridged.talking', media: 'relay' })
  })
})

describe('the first difference', () => {
  test('is a state that the chart no longer comes to', () => {
    const call = asIfRecorded(recorded(), 3, () => ({ stateAfter: 'waiting' }))
    expect(firstOf(call)).toEqual({
      seq: 3,
      differences: [{ what: 'state', recorded: 'waiting', reproduced: 'hold' }],
    })
  })

  test('is a region that came to rest elsewhere', () => {
    const value = { call: 'bridging', leg: 'opening', conversation: 'idle', voice: { settled: 'cached' } }
    const call = asIfRecorded(recorded(), 4, ({ snapshot }) => ({
      snapshot: snapshot && { ...snapshot, value },
    }))
    expect(firstOf(call)?.differences).toMatchObject([{ what: 'value', recorded: value }])
  })

  test.each([
    [
      'a field that is counted otherwise',
      { holdRound: 7 },
      { what: 'context.holdRound', recorded: 7, reproduced: 2 },
    ],
    [
      'a field that the chart no longer has',
      { mood: 'calm' },
      { what: 'context.mood', recorded: 'calm', reproduced: undefined },
    ],
  ])('is %s', (_, changed, difference) => {
    const call = asIfRecorded(recorded(), 3, ({ snapshot }) => ({
      snapshot: snapshot && {
        ...snapshot,
        context: { ...snapshot.context, call: { ...Object(snapshot.context.call), ...changed } },
      },
    }))
    expect(firstOf(call)).toEqual({ seq: 3, differences: [difference] })
  })

  test('is an effect that is no longer asked for', () => {
    const effects = [{ type: 'ringBell', params: {} }]
    expect(firstOf(asIfRecorded(recorded(), 2, () => ({ effects })))).toEqual({
      seq: 2,
      differences: [{ what: 'effects', recorded: effects, reproduced: [] }],
    })
  })

  test('is an event that the chart no longer takes', () => {
    const call = asIfRecorded(recorded(), 2, () => ({ event: { type: 'leg.yawned' }, stateAfter: 'hold' }))
    expect(firstOf(call)?.differences).toContainEqual({
      what: 'event',
      recorded: 'handled',
      reproduced: 'ignored',
    })
  })

  test('is a timer that fires later today', () => {
    const timer = { type: 'xstate.after.GREETING_OVERDUE.call.greeting' } as const
    expect(firstOf(recorded([[LIMITS.greetingOverdueMs - 5, timer]], INPUTS['cached voice']))).toBeNull()
    expect(firstOf(recorded([[6_000, timer]], INPUTS['cached voice']))?.differences).toEqual([
      {
        what: 'timer',
        recorded: '2026-01-05T12:00:06.000Z',
        reproduced: 'GREETING_OVERDUE would have run 10 s longer',
      },
    ])
  })

  describe('is a timer that would have run out before', () => {
    const REJOIN_OVERDUE_MS = 3_000
    const lost: Said[] = [
      [500, { type: 'leg.instructionsRequested' }],
      [300, { type: 'media.joined', bridgeNumber: 1, node: 'node-of-ann' }],
      [9_000, { type: 'media.lost', bridgeNumber: 1, clean: false }],
      [REJOIN_OVERDUE_MS, { type: 'xstate.after.REJOIN_OVERDUE.leg.awaitingRestream' }],
    ]
    const backAfter = (ms: number) =>
      recorded(
        [
          ...lost,
          [ms - REJOIN_OVERDUE_MS, { type: 'leg.instructionsRequested' }],
          [300, { type: 'media.joined', bridgeNumber: 2, node: 'node-of-ann' }],
        ],
        INPUTS['cached voice'],
      )
    const firedAfter = (ms: number) =>
      recorded(
        [...lost, [ms - REJOIN_OVERDUE_MS, { type: 'xstate.after.REJOIN_PATIENCE.leg.awaitingRestream' }]],
        INPUTS['cached voice'],
      )
    const REJOIN_PATIENCE_MS = 15_000

    test('an event came', () => {
      expect(firstOf(backAfter(REJOIN_PATIENCE_MS))).toBeNull()
      expect(firstOf(backAfter(REJOIN_PATIENCE_MS + 100))).toBeNull()
      expect(firstOf(backAfter(REJOIN_PATIENCE_MS + 247))).toEqual({
        seq: 6,
        differences: [
          {
            what: 'timer',
            recorded: '2026-01-05T12:00:25.047Z',
            reproduced:
              'REJOIN_PATIENCE would have run out 0.247 s before, unless no process was there to fire it',
          },
        ],
      })
    })

    test('it fired, more than the look at all timers takes', () => {
      expect(firstOf(firedAfter(REJOIN_PATIENCE_MS + 1_500))).toBeNull()
      expect(firstOf(firedAfter(REJOIN_PATIENCE_MS + 60_000))?.differences).toMatchObject([
        {
          what: 'timer',
          reproduced: expect.stringMatching(/^REJOIN_PATIENCE would have run out 60 s before/),
        },
      ])
    })

    test('and it is told once, however many events follow', () => {
      const late: Said[] = [
        [LIMITS.callMaxMs + 2_000, { type: 'agent.ready', bridgeNumber: 1, conversationId: 'talk-of-ann' }],
        [1_000, { type: 'media.lost', bridgeNumber: 1, clean: true }],
      ]
      const { steps } = replay(recorded([...lost.slice(0, 2), ...late], INPUTS['cached voice']))
      const told = steps.flatMap(({ seq, differences }) =>
        differences.map(({ what, reproduced }) => [seq, what, String(reproduced).split(' ', 1)[0]]),
      )
      expect(told).toEqual([[4, 'timer', 'AGENT_CONNECT']])
    })
  })

  test('is a call that the chart of its day had to end', () => {
    const call = asIfRecorded(recorded(), 5, () => ({ stateBefore: 'unknown', stateAfter: 'ended' }))
    expect(firstOf(call)).toEqual({
      seq: 5,
      differences: [{ what: 'state', recorded: 'ended as chart_retired', reproduced: 'bridged.connecting' }],
    })
  })

  test('is the first of all, and what comes after it is replayed nevertheless', () => {
    const call = asIfRecorded(recorded(), 2, () => ({ event: { type: 'leg.yawned' } }))
    const { steps, firstDifference } = replay(call)
    expect(firstDifference).toBe(1)
    expect(steps).toHaveLength(call.events.length)
    expect(steps[1]?.reproduced.stateAfter).toBe('greeting')
    expect(steps[2]?.reproduced).toMatchObject({ stateAfter: 'hold', context: { holdRound: 1 } })
  })
})

describe('a record that cannot be replayed', () => {
  const without = (...seqs: number[]) => {
    const call = recorded()
    return { ...call, events: call.events.filter(({ seq }) => !seqs.includes(seq)) }
  }
  test.each([
    ['has no events', { ...recorded(), events: [] }, `Nothing was written down of call ${CALL_ID}.`],
    ['lacks its beginning', without(1), 'event 1 is missing, 2 comes next'],
    ['has a gap', without(4, 5), 'event 4 is missing, 6 comes next'],
    [
      'begins with something else',
      asIfRecorded(recorded(), 1, () => ({ event: { type: 'leg.instructionsRequested' } })),
      'begins with event 1, leg.instructionsRequested, and not with call.began',
    ],
    [
      'has an input that no call can begin with',
      asIfRecorded(recorded(), 1, () => ({ event: { type: 'call.began', input: {} } })),
      'cannot begin call',
    ],
  ])('%s', (_, call, message) => {
    expect(() => replay(call)).toThrow(UnreplayableCall)
    expect(() => replay(call)).toThrow(message)
  })
})

test('what the leg is told is what the chart’s own words say', () => {
  const { steps } = replay(recorded())
  for (const { reproduced } of steps) {
    const [state, bridge = null] = reproduced.stateAfter.split('.')
    const view = { state, bridge, voice: reproduced.voice, context: reproduced.context }
    expect(reproduced.leg).toEqual(legInstructions(view as never))
  }
})
