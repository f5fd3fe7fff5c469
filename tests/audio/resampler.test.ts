import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { rms } from '../../src/audio/energy.ts'
import { Resampler } from '../../src/audio/resampler.ts'
import { heardAt, tone } from '../support/tones.ts'

const RATES = [8000, 16_000, 22_050, 24_000, 44_100, 48_000]
const PAIRS = RATES.flatMap((from) => RATES.filter((to) => to !== from).map((to) => [from, to] as const))

/** A filter that has just begun is still filling. */
const settled = (samples: Int16Array, rate: number) => samples.subarray(rate / 50)

describe.each(PAIRS)('from %i to %i Hz', (from, to) => {
  const nyquist = Math.min(from, to) / 2

  test('a tone stays what it was, as loud and as pure', () => {
    // Whole periods in what is measured, so that nothing leaks.
    for (const share of [0.1, 0.4, 0.8]) {
      const frequency = Math.round((nyquist * share) / 50) * 50
      const heard = settled(new Resampler(from, to).resample(tone(frequency, from, { ms: 1020 })), to)
      const { amplitude, snr } = heardAt(heard, frequency, to)
      expect(amplitude).toBeGreaterThan(11_900)
      expect(amplitude).toBeLessThan(12_100)
      expect(snr).toBeGreaterThan(58)
    }
  })

  test('what the new rate cannot carry is gone instead of coming back as a whistle', () => {
    if (to > from) return
    for (const share of [1.01, 1.3, 1.9]) {
      const frequency = nyquist * share
      if (frequency > from / 2) continue
      const heard = settled(new Resampler(from, to).resample(tone(frequency, from)), to)
      expect(20 * Math.log10(rms(heard) / (12_000 / Math.SQRT2))).toBeLessThan(-58)
    }
  })

  test('however the stream is cut, the same samples come out', () => {
    const speech = tone(nyquist / 3, from, { ms: 60 })
    const whole = new Resampler(from, to).resample(speech)
    fc.assert(
      fc.property(fc.array(fc.nat({ max: speech.length }), { maxLength: 12 }), (cuts) => {
        const resampler = new Resampler(from, to)
        const ends = [...cuts.sort((a, b) => a - b), speech.length]
        const pieces = ends.map((end, i) => resampler.resample(speech.subarray(ends[i - 1] ?? 0, end)))
        expect(Int16Array.from(pieces.flatMap((piece) => [...piece]))).toEqual(whole)
      }),
      { numRuns: 20 },
    )
  })

  test('nothing is lost and nothing is made up, for as long as it goes on', () => {
    const resampler = new Resampler(from, to)
    const frame = new Int16Array(from / 50)
    let samples = 0
    for (let second = 0; second < 50; second++) samples += resampler.resample(frame).length
    expect(Math.abs(samples - to)).toBeLessThanOrEqual(1)
  })

  test('what was loudest stays within its bounds', () => {
    const square = Int16Array.from({ length: from / 10 }, (_, i) => (i % 40 < 20 ? 32_767 : -32_768))
    const heard = new Resampler(from, to).resample(square)
    // A wrapped sample would jump from one end to the other and back.
    expect(Math.max(...heard.map(Math.abs))).toBeGreaterThan(30_000)
    expect(heardAt(settled(heard, to), from / 40, to).amplitude).toBeGreaterThan(32_000)
  })
})

test('an utterance is late by 4 ms at most', () => {
  for (const [from, to] of PAIRS) {
    const click = new Int16Array(from / 10)
    click[0] = 30_000
    const heard = new Resampler(from, to).resample(click)
    const latest = heard.reduce((top, sample, i) => (sample > (heard[top] as number) ? i : top), 0)
    expect((latest * 1000) / to).toBeLessThan(4)
  }
})

test('after a reset nothing of what came before is heard', () => {
  const resampler = new Resampler(24_000, 8000)
  resampler.resample(tone(440, 24_000, { ms: 33 }))
  resampler.reset()
  const frame = tone(1000, 24_000, { ms: 20 })
  expect(resampler.resample(frame)).toEqual(new Resampler(24_000, 8000).resample(frame))
})

test('between equal rates a stream passes as it is, late by half of the filter', () => {
  const speech = tone(1000, 8000, { ms: 60 })
  const heard = new Resampler(8000, 8000).resample(speech)
  const late = heard.findIndex((sample) => sample !== 0) - speech.findIndex((sample) => sample !== 0)
  expect(heard.subarray(late)).toEqual(speech.subarray(0, -late))
})

describe('a whole sound', () => {
  /** Away from the edges, where a filter has nothing to look back or ahead at. */
  const middle = (samples: Int16Array) => samples.subarray(samples.length / 4, (samples.length * 3) / 4)
  const short = (frequency: number, rate: number) => tone(frequency, rate, { ms: 100, amplitude: 10_000 })

  // The last is a rate of nobody's, which has a place of its own for each sample.
  test.each([6000, 8000, 16_000, 22_050, 44_100, 48_000, 47_999])(
    'is not late from %i Hz, and no longer',
    (rate) => {
      const resampled = Resampler.whole(short(440, rate), rate)
      const expected = short(440, 8000)
      expect(Math.abs(resampled.length - expected.length)).toBeLessThanOrEqual(1)
      const error = middle(resampled).map((sample, i) => sample - (middle(expected)[i] as number))
      expect(rms(error)).toBeLessThan(100)
    },
  )

  test('is not folded back where the telephone cannot carry it', () => {
    expect(rms(middle(Resampler.whole(short(6000, 48_000), 48_000)))).toBeLessThan(100)
  })

  test('does not wrap round at full scale', () => {
    const square = Int16Array.from({ length: 800 }, (_, i) => (i % 40 < 20 ? 32767 : -32768))
    const resampled = Resampler.whole(square, 16_000)
    const flips = [...resampled].filter(
      (sample, i) => Math.abs(sample - (resampled[i + 1] ?? sample)) > 40_000,
    )
    expect(flips.length).toBeLessThanOrEqual(square.length / 20)
  })

  test('may be empty, and is at a rate that makes sense', () => {
    expect(Resampler.whole(new Int16Array(), 44_100).length).toBe(0)
    expect(() => Resampler.whole(Int16Array.of(1), 0)).toThrow(RangeError)
  })
})

test.each([
  [0, 8000],
  [8000, 0],
  [8000.5, 16_000],
  [Number.NaN, 8000],
])('there is nothing between %d and %d Hz', (from, to) => {
  expect(() => new Resampler(from, to)).toThrow(RangeError)
})
