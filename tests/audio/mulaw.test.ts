import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeMuLaw, MU_LAW_SILENCE, muLawMilliseconds } from '../../src/audio/mulaw.ts'
import { encodeMuLaw, muLawSilence } from '../../src/audio/mulaw-buffer.ts'

const sample = fc.integer({ min: -32768, max: 32767 })
const samples = fc.array(sample, { maxLength: 400 }).map((values) => Int16Array.from(values))
const allCodewords = Uint8Array.from({ length: 256 }, (_, byte) => byte)

function encodeOne(value: number): number {
  return encodeMuLaw(Int16Array.of(value))[0] as number
}

function decodeOne(byte: number): number {
  return decodeMuLaw(Uint8Array.of(byte))[0] as number
}

describe('mu-law', () => {
  test.each([
    [0xff, 0],
    [0x7f, 0],
    [0x80, 32124],
    [0x00, -32124],
    [0xf0, 120],
    [0xef, 132],
    [0x8f, 16764],
    [0x0f, -16764],
  ])('decodes 0x%x as G.711 tabulates it, to %i', (byte, expected) => {
    expect(decodeOne(byte)).toBe(expected)
  })

  test('gives every codeword back when its sample is encoded again, but negative zero', () => {
    const again = encodeMuLaw(decodeMuLaw(allCodewords))
    expect([...again]).toEqual([...allCodewords].map((byte) => (byte === 0x7f ? 0xff : byte)))
  })

  test('keeps the length, and a second pass changes nothing more', () => {
    fc.assert(
      fc.property(samples, (input) => {
        const once = decodeMuLaw(encodeMuLaw(input))
        expect(once.length).toBe(input.length)
        expect(decodeMuLaw(encodeMuLaw(once))).toEqual(once)
      }),
    )
  })

  test('errs by no more than a sixteenth of the sample, or by four where it is quiet', () => {
    fc.assert(
      fc.property(sample, (value) => {
        const clipped = Math.max(-32124, Math.min(32124, value))
        expect(Math.abs(decodeOne(encodeOne(value)) - clipped)).toBeLessThanOrEqual(
          Math.max(4, Math.abs(clipped) / 16 + 4),
        )
      }),
    )
  })

  test('never puts a louder sample below a quieter one', () => {
    fc.assert(
      fc.property(sample, sample, (a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a]
        expect(decodeOne(encodeOne(low))).toBeLessThanOrEqual(decodeOne(encodeOne(high)))
      }),
    )
  })

  test('is the same above and below zero', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 32767 }), (value) => {
        expect(decodeOne(encodeOne(-value))).toBe(0 - decodeOne(encodeOne(value)))
      }),
    )
  })

  test('counts eight bytes of silence to the millisecond', () => {
    expect(muLawSilence(20)).toEqual(Buffer.alloc(160, MU_LAW_SILENCE))
    expect(muLawMilliseconds(160)).toBe(20)
  })
})
