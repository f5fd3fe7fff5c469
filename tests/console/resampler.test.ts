import { describe, expect, test } from 'vitest'
import { Resampler } from '../../src/console/audio/resampler.ts'

const tone = (frequency: number, rate: number, seconds: number) =>
  Float32Array.from({ length: rate * seconds }, (_, i) => Math.sin((2 * Math.PI * frequency * i) / rate))

const inPieces = (resampler: Resampler, input: Float32Array, size: number) => {
  const output: number[] = []
  for (let at = 0; at < input.length; at += size)
    output.push(...resampler.process(input.subarray(at, at + size)))
  return Float32Array.from(output)
}

/** Loudness of the middle, where the filter's beginning and end do not matter. */
const middleRms = (samples: Float32Array) => {
  const middle = samples.subarray(samples.length / 4, (samples.length * 3) / 4)
  return Math.sqrt(middle.reduce((sum, sample) => sum + sample * sample, 0) / middle.length)
}

const crossingsPerSecond = (samples: Float32Array, rate: number) => {
  let crossings = 0
  for (let i = 1; i < samples.length; i++) {
    if ((samples[i - 1] as number) < 0 !== (samples[i] as number) < 0) crossings++
  }
  return (crossings / samples.length) * rate
}

describe.each([
  [48_000, 8_000],
  [44_100, 8_000],
  [8_000, 48_000],
  [8_000, 44_100],
  [8_000, 8_000],
])('Resampler from %i Hz to %i Hz', (from, to) => {
  test('keeps length, pitch and loudness of a tone', () => {
    const output = inPieces(new Resampler(from, to), tone(1_000, from, 1), 128)
    expect(Math.abs(output.length - to)).toBeLessThan(to / 100)
    expect(crossingsPerSecond(output, to)).toBeCloseTo(2_000, -2)
    expect(middleRms(output)).toBeCloseTo(Math.SQRT1_2, 2)
  })

  test('leaves no seam, however the input is cut', () => {
    const input = tone(440, from, 0.1)
    const whole = new Resampler(from, to).process(input)
    expect([...inPieces(new Resampler(from, to), input, 128)]).toEqual([...whole])
    expect([...inPieces(new Resampler(from, to), input, 7)]).toEqual([...whole])
  })

  test('keeps a constant constant', () => {
    const output = new Resampler(from, to).process(new Float32Array(from / 10).fill(0.5))
    const settled = output.subarray(output.length / 2)
    for (const sample of settled) expect(sample).toBeCloseTo(0.5, 4)
  })
})

describe('Resampler', () => {
  test('filters out what the telephone cannot carry instead of folding it back', () => {
    const output = inPieces(new Resampler(48_000, 8_000), tone(6_000, 48_000, 1), 128)
    expect(middleRms(output)).toBeLessThan(0.003)
  })

  test('refuses rates that are none', () => {
    for (const rate of [0, -8_000, Number.NaN, 44_100.5]) {
      expect(() => new Resampler(rate, 8_000)).toThrow(RangeError)
    }
  })
})
