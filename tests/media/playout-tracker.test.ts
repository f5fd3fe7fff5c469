import { beforeEach, describe, expect, test } from 'vitest'
import { AgentSpeech } from '../../src/media/playout-tracker.ts'
import { ManualClock } from '../support/manual-clock.ts'

const SECOND = 1000

let clock: ManualClock
let speech: AgentSpeech
beforeEach(() => {
  clock = new ManualClock()
  speech = new AgentSpeech(clock)
})

test('a mark is due after a second of audio, and behind a pause', () => {
  expect(speech.sent(SECOND / 2)).toBe(false)
  expect(speech.tick()).toBe(false)
  expect(speech.tick()).toBe(true)
  expect(speech.mark()).toBe(String(SECOND / 2))
  expect(speech.tick()).toBe(false)
  expect(speech.sent(SECOND)).toBe(true)
})

test('what is left to play goes down with the clock, and is put right by a mark', () => {
  speech.sent(SECOND)
  const first = speech.mark()
  speech.sent(SECOND)
  speech.mark()
  expect(speech.remainingMs()).toBeCloseTo(2000, -1)
  clock.advance(1_500)
  expect(speech.remainingMs()).toBeCloseTo(500, -1)
  speech.marked(first)
  expect(speech.remainingMs()).toBeCloseTo(1000, -1)
  clock.advance(5_000)
  expect(speech.remainingMs()).toBe(0)
})

test('a pause is not played: what comes after it begins when it comes', () => {
  speech.sent(SECOND)
  clock.advance(10_000)
  speech.tick()
  speech.sent(SECOND)
  expect(speech.remainingMs()).toBeCloseTo(1000, -1)
})

test('marks that a clear sends back, and marks of nobody, say nothing', () => {
  speech.sent(SECOND)
  const cleared = speech.mark()
  speech.interrupted()
  speech.sent(2 * SECOND)
  speech.marked(cleared)
  for (const name of ['', 'x', '1e99', '-5', '99999999', '1.5']) speech.marked(name)
  expect(speech.remainingMs()).toBeCloseTo(2000, -1)
})

describe('an interruption', () => {
  test('cuts the words that are playing and those that wait, not those that were heard', () => {
    speech.said('Good morning.')
    speech.sent(SECOND)
    speech.said('My name is Ann.')
    speech.sent(2 * SECOND)
    speech.said('How can I help?')
    clock.advance(2_100)
    expect(speech.interrupted()).toEqual([
      { original: 'My name is Ann.', spoken: 'My name' },
      { original: 'How can I help?', spoken: '' },
    ])
    expect(speech.interrupted()).toEqual([])
  })

  test('knows words that were given only after their audio had begun', () => {
    speech.sent(SECOND / 10)
    speech.said('one two three four')
    speech.sent(SECOND)
    clock.advance(550)
    expect(speech.interrupted()).toEqual([{ original: 'one two three four', spoken: 'one two' }])
  })

  test('of words that were heard, or that the agent has corrected itself, cuts nothing', () => {
    speech.said('heard')
    speech.sent(SECOND)
    clock.advance(1_100)
    speech.tick()
    speech.said('corrected')
    speech.sent(SECOND)
    speech.corrected('corrected')
    expect(speech.interrupted()).toEqual([])
  })

  test('knows words that were given behind their audio, and that others follow', () => {
    speech.sent(SECOND)
    speech.spoke('one two three four', SECOND)
    speech.sent(SECOND)
    clock.advance(1_500)
    expect(speech.interrupted()).toEqual([])
    speech.sent(SECOND)
    speech.spoke('five six seven eight', SECOND)
    clock.advance(510)
    expect(speech.interrupted()).toEqual([{ original: 'five six seven eight', spoken: 'five six' }])
  })

  test('knows of words behind their audio where one sentence ends and the next begins', () => {
    speech.sent(SECOND)
    speech.spoke('one two three four', SECOND)
    speech.sent(SECOND)
    speech.spoke('five six seven eight', SECOND)
    clock.advance(1_510)
    expect(speech.interrupted()).toEqual([{ original: 'five six seven eight', spoken: 'five six' }])
  })

  test('cuts nothing of words that took no time', () => {
    speech.sent(SECOND)
    speech.spoke('Hm.', 0)
    expect(speech.interrupted()).toEqual([])
  })

  test('cuts between characters where a script has no spaces', () => {
    speech.said('お電話ありがとう')
    speech.sent(SECOND)
    clock.advance(510)
    expect(speech.interrupted()).toEqual([{ original: 'お電話ありがとう', spoken: 'お電話あ' }])
  })
})
