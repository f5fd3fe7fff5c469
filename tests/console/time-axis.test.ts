import { describe, expect, it, test } from 'vitest'
import {
  effectSpans,
  eventSpans,
  legSpans,
  relaySpans,
  speechSpans,
  stateSpans,
  timerSpans,
  voiceSpans,
} from '../../src/console/call/spans.ts'
import { type CallStep, stepAt, stepsOf } from '../../src/console/call/steps.ts'
import { loudnessOf, waveformPath } from '../../src/console/call/waveform.ts'
import { replay } from '../../src/replay/replay.ts'
import { ScriptedCalls } from '../support/scripted-calls.ts'

const BEGAN = Date.UTC(2026, 0, 5)
const at = (ms: number) => new Date(BEGAN + ms)

/** A call whose voice is never ready in time, as the console reads it. */
async function lateCall(): Promise<CallStep[]> {
  const calls = new ScriptedCalls()
  calls.begin('+15550100001', at(0))
  await calls.say({ type: 'leg.instructionsRequested' }, at(2_000))
  await calls.say({ type: 'xstate.after.CLONE_MAX_WAIT.voice.cloning' } as never, at(35_000))
  await calls.say({ type: 'media.joined', bridgeNumber: 1, node: 'node' }, at(35_500))
  const recorded = await calls.recorded(calls.latestId)
  if (!recorded) throw new Error('The call is not there.')
  const played = JSON.parse(JSON.stringify(replay(recorded)))
  const records = JSON.parse(JSON.stringify(await calls.queries.events(calls.latestId, 0)))
  return stepsOf(records, played, null)
}

const told = (spans: { name: string; from: number; to: number }[]) =>
  spans.map(({ name, from, to }) => `${name} ${from / 1000}–${to / 1000}`)

describe('the lanes of a call', () => {
  it('tell states, voice and instructions from one change to the next', async () => {
    const steps = await lateCall()
    expect(told(stateSpans(steps, 40_000))).toEqual([
      'Greeting 0–2',
      'On hold 2–35',
      'Joining 35–35.5',
      'Reaching the agent 35.5–40',
    ])
    expect(told(voiceSpans(steps, 40_000))).toEqual(['Being cloned 0–35', 'Default voice 35–40'])
    expect(told(legSpans(steps, 40_000))).toEqual([
      'Play the greeting, then hold music 0–2',
      'Play hold music 2–35',
      'Open the audio stream 35–40',
    ])
    expect(told(relaySpans(steps, 40_000))).toEqual(['Reach the agent 35.5–40'])
  })

  it('tell events and effects with the time until the next', async () => {
    const steps = await lateCall()
    expect(told(eventSpans(steps, 40_000))).toEqual([
      'call.began 0–2',
      'leg.instructionsRequested 2–35',
      'CLONE_MAX_WAIT ran out 35–35.5',
      'media.joined 35.5–40',
    ])
    expect(told(effectSpans(steps, 40_000))).toEqual([
      'requestClone 0–35',
      'recordCloneTimeout, redirectLeg 35–40',
    ])
  })

  it('tell of each timer whether it ran out, was stopped or runs, and when it falls due', async () => {
    const timers = timerSpans(await lateCall(), 40_000)
    const of = (name: string) =>
      timers.filter((timer) => timer.name === name).map(({ kind, from, due }) => [kind, from, due])
    expect(of('CLONE_MAX_WAIT')).toEqual([['fired', 0, 35_000]])
    expect(of('LEG_PATIENCE')).toEqual([
      ['cancelled', 0, 30_000],
      ['cancelled', 2_000, 32_000],
      ['cancelled', 35_000, 65_000],
    ])
    expect(of('CALL_MAX')).toEqual([['running', 0, 3_600_000]])
  })

  it('are fewer where the record could not be replayed', async () => {
    const steps = (await lateCall()).map((step) => ({ ...step, detail: null }))
    expect([voiceSpans, legSpans, relaySpans, timerSpans].map((lane) => lane(steps, 1))).toEqual([
      [],
      [],
      [],
      [],
    ])
    expect(stateSpans(steps, 1)).not.toEqual([])
  })

  it('have a step for each moment', async () => {
    const steps = await lateCall()
    expect([-1, 0, 1_999, 2_000, 99_000].map((ms) => stepAt(steps, ms))).toEqual([0, 0, 0, 1, 3])
  })
})

describe('words', () => {
  it('begin where an agent began, and end where a caller ended', () => {
    const turn = (role: 'agent' | 'caller', ms: number) => ({
      role,
      text: 'x'.repeat(28),
      interrupted: false,
      at: at(ms).toISOString(),
    })
    const spans = speechSpans([turn('agent', 1_000), turn('caller', 9_000), turn('agent', 9_500)], BEGAN)
    expect(spans.map(({ from, to }) => [from, to])).toEqual([
      [1_000, 3_000],
      [7_000, 9_000],
      [9_500, 11_500],
    ])
  })

  it('reach no further than what was heard, and not beyond the next', () => {
    const spoken = { role: 'agent' as const, text: 'x'.repeat(140), at: at(0).toISOString() }
    const [cut] = speechSpans([{ ...spoken, heard: 'x'.repeat(14), interrupted: true }], BEGAN)
    expect(cut?.to).toBe(1_000)
    const next = { role: 'caller' as const, text: 'Stop.', interrupted: false, at: at(3_000).toISOString() }
    expect(speechSpans([{ ...spoken, interrupted: false }, next], BEGAN)[0]?.to).toBe(3_000)
  })
})

describe('a waveform', () => {
  test('is the loudest of each part, and silence is flat', () => {
    expect(loudnessOf(Float32Array.of(0, 0.25, -1, 0.5, 0, 0), 3)).toEqual([0.5, 1, 0])
    expect(loudnessOf(new Float32Array(4), 2)).toEqual([0, 0])
    expect(loudnessOf(new Float32Array(0))).toEqual([])
  })

  test('is mirrored about its middle', () => {
    expect(waveformPath([0, 1])).toBe('M0 1L0 1L1 0L1 2L0 1Z')
  })
})
