import { expect, test } from 'vitest'
import { linearBytes, linearOfMuLaw, linearSamples, muLawOfLinear } from '../../src/audio/linear.ts'
import { decodeMuLaw } from '../../src/audio/mulaw.ts'
import { encodeMuLaw } from '../../src/audio/mulaw-buffer.ts'

const SAMPLES = Int16Array.of(0, 1, -1, 256, -257, 32_767, -32_768, 9000, -9000)
const BYTES = Buffer.from(SAMPLES.buffer)
const CODEWORDS = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))

test('L16 and mu-law are each other, sample by sample', () => {
  expect(muLawOfLinear(BYTES)).toEqual(encodeMuLaw(SAMPLES))
  expect(linearSamples(linearOfMuLaw(CODEWORDS))).toEqual(decodeMuLaw(CODEWORDS))
})

test('samples are two bytes each, the lower one first', () => {
  expect(linearBytes(SAMPLES)).toEqual(BYTES)
  expect(linearSamples(BYTES)).toEqual(SAMPLES)
  expect(linearSamples(BYTES.subarray(1, 4))).toEqual(Int16Array.of(0x0100))
})

test('mu-law never makes the sample by which FreeSWITCH’s module tells its marks', () => {
  expect([...decodeMuLaw(CODEWORDS)]).not.toContain(-1)
})
