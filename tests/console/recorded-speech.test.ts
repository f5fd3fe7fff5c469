import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readWav } from '../../src/audio/wav.ts'
import { LOUD, loudness } from '../../src/console/audio/loudness.ts'
import { TurnTaker } from '../../src/console/audio/turn-taker.ts'
import { utterancesIn } from '../../src/console/audio/utterances.ts'

const ASSETS = join(import.meta.dirname, '../../src/simulator/assets')

describe('utterancesIn', () => {
  test('finds the four utterances of the shipped caller', () => {
    const { samples, rate } = readWav(readFileSync(join(ASSETS, 'caller-sample.wav')))
    const utterances = utterancesIn(
      Float32Array.from(samples, (sample) => sample / 32768),
      rate,
    )
    expect(utterances).toHaveLength(4)
    for (const { duration } of utterances) expect(duration).toBeGreaterThan(1)
    expect(utterances.reduce((sum, { duration }) => sum + duration, 0)).toBeLessThan(18)
  })

  test('finds none in silence', () => {
    expect(utterancesIn(new Float32Array(8_000), 8_000)).toEqual([])
  })

  test('keeps a margin within the recording', () => {
    const loud = new Float32Array(8_000).fill(0.5)
    expect(utterancesIn(loud, 8_000)).toEqual([{ start: 0, duration: 1 }])
  })
})

describe('TurnTaker', () => {
  const FRAME_MS = 20
  /** For how long the caller listens until it is the caller's turn; null when it never was. */
  const waited = (turns: TurnTaker, parts: [loud: boolean, ms: number][]) => {
    let milliseconds = 0
    for (const [isLoud, ms] of parts) {
      for (let i = 0; i < ms; i += FRAME_MS) {
        milliseconds += FRAME_MS
        if (turns.hears(isLoud, FRAME_MS)) return milliseconds
      }
    }
    return null
  }

  test('speaks when the agent has paused for longer than a breath', () => {
    const parts: [boolean, number][] = [
      ...([
        [true, 2_000],
        [false, 500],
        [true, 1_000],
        [false, 2_000],
      ] as [boolean, number][]),
    ]
    expect(waited(new TurnTaker(), parts)).toBe(2_000 + 500 + 1_000 + 800)
  })

  test('speaks to an agent that says nothing', () => {
    expect(waited(new TurnTaker(), [[false, 20_000]])).toBe(5_000)
  })

  test('interrupts an agent that goes on and on, short pauses or not', () => {
    expect(waited(new TurnTaker(), [[true, 20_000]])).toBe(8_000)
    const sentences = Array.from({ length: 20 }, () => [
      [true, 900] as [boolean, number],
      [false, 100] as [boolean, number],
    ]).flat()
    expect(waited(new TurnTaker(), sentences)).toBe(8_020)
  })

  test('waits anew for each answer', () => {
    const turns = new TurnTaker()
    const answer: [boolean, number][] = [
      [true, 1_000],
      [false, 2_000],
    ]
    expect(waited(turns, answer)).toBe(1_800)
    turns.reset()
    expect(waited(turns, answer)).toBe(1_800)
  })
})

describe('loudness', () => {
  const tone = (amplitude: number) => Int16Array.from({ length: 160 }, (_, i) => amplitude * Math.sin(i))

  test('is 0 for silence and 1 for what is as loud as it gets', () => {
    expect(loudness(new Int16Array(160))).toBe(0)
    expect(loudness(tone(32_767))).toBe(1)
  })

  test('tells a soft voice from the noise of a quiet line', () => {
    expect(loudness(tone(600))).toBeGreaterThan(LOUD)
    expect(loudness(tone(60))).toBeLessThan(LOUD)
  })
})
