import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { composeHoldMusic } from '../../src/audio/compose-hold-music.ts'
import { rms } from '../../src/audio/energy.ts'
import { HOLD_TRACK, sliceOfLoop } from '../../src/audio/hold-track.ts'
import { decodeMuLaw } from '../../src/audio/mulaw.ts'

const track = readFileSync(HOLD_TRACK)
const samples = decodeMuLaw(track)

describe('the hold track', () => {
  test('is what its score renders to', () => {
    const rendered = decodeMuLaw(composeHoldMusic())
    // Another processor's sine may differ in the last bit, and so by a step of the codec here and there.
    const difference = rendered.map((sample, i) => sample - (samples[i] as number))
    expect(rendered.length).toBe(samples.length)
    expect(rms(difference)).toBeLessThan(1)
  })

  test('lasts 32 seconds, near the loudness of telephone speech, without clipping', () => {
    expect(track.length).toBe(32 * 8000)
    expect(rms(samples) / 32768).toBeCloseTo(0.1, 2)
    expect(samples.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0)).toBeLessThan(0.8 * 32768)
  })

  test('never falls silent and has no seam', () => {
    for (let at = 0; at < samples.length; at += 4000)
      expect(rms(samples.subarray(at, at + 4000))).toBeGreaterThan(1000)
    const steps = samples.map((sample, i) => Math.abs(sample - (samples[i - 1] ?? sample)))
    const loudestStep = steps.reduce((a, b) => Math.max(a, b))
    expect(Math.abs((samples[0] as number) - (samples.at(-1) as number))).toBeLessThan(loudestStep)
  })
})

describe('a slice of a loop', () => {
  test('joined to the next is the loop again, wherever it is cut', () => {
    const loop = fc.uint8Array({ minLength: 1, maxLength: 50 }).map((bytes) => Buffer.from(bytes))
    fc.assert(
      fc.property(loop, fc.nat(500), fc.nat(200), fc.nat(200), (loop, position, first, second) => {
        const joined = Buffer.concat([
          sliceOfLoop(loop, position, first),
          sliceOfLoop(loop, position + first, second),
        ])
        expect(joined).toEqual(sliceOfLoop(loop, position, first + second))
        expect([...joined]).toEqual(
          Array.from({ length: first + second }, (_, i) => loop[(position + i) % loop.length]),
        )
      }),
    )
  })

  test('of nothing is refused', () => {
    expect(() => sliceOfLoop(Buffer.alloc(0), 0, 160)).toThrow(RangeError)
  })
})
