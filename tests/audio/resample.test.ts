import { describe, expect, test } from 'vitest'
import { isVoiced, rms } from '../../src/audio/energy.ts'
import { encodeMuLaw, muLawSilence } from '../../src/audio/mulaw-buffer.ts'
import { resample } from '../../src/audio/resample.ts'

function tone(hertz: number, rate: number, amplitude = 10_000): Int16Array {
  return Int16Array.from(
    { length: rate / 10 },
    (_, i) => amplitude * Math.sin((2 * Math.PI * hertz * i) / rate),
  )
}

/** Away from the edges, where a filter has nothing to look back or ahead at. */
function middle(samples: Int16Array): Int16Array {
  return samples.subarray(samples.length / 4, (samples.length * 3) / 4)
}

describe('resampling', () => {
  test.each([6000, 8000, 16_000, 22_050, 44_100, 48_000])('keeps a voice as it was from %i Hz', (rate) => {
    const resampled = resample(tone(440, rate), rate)
    const expected = tone(440, 8000)
    expect(Math.abs(resampled.length - expected.length)).toBeLessThanOrEqual(1)
    const error = middle(resampled).map((sample, i) => sample - (middle(expected)[i] as number))
    expect(rms(error)).toBeLessThan(100)
  })

  test('filters out what the telephone cannot carry instead of folding it back', () => {
    expect(rms(middle(resample(tone(6000, 48_000), 48_000)))).toBeLessThan(100)
  })

  test('does not wrap round at full scale', () => {
    const square = Int16Array.from({ length: 800 }, (_, i) => (i % 40 < 20 ? 32767 : -32768))
    const resampled = resample(square, 16_000)
    const flips = [...resampled].filter(
      (sample, i) => Math.abs(sample - (resampled[i + 1] ?? sample)) > 40_000,
    )
    expect(flips.length).toBeLessThanOrEqual(square.length / 20)
  })

  test('takes an empty sound, and refuses a rate that makes no sense', () => {
    expect(resample(new Int16Array(), 44_100).length).toBe(0)
    expect(() => resample(Int16Array.of(1), 0)).toThrow(RangeError)
  })
})

describe('energy', () => {
  test('tells a voice from a quiet line', () => {
    expect(rms(new Int16Array())).toBe(0)
    expect(isVoiced(encodeMuLaw(tone(300, 8000, 3000)))).toBe(true)
    expect(isVoiced(encodeMuLaw(tone(300, 8000, 60)))).toBe(false)
    expect(isVoiced(muLawSilence(20))).toBe(false)
  })
})
