import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { millisecondsOf, type WireAudio, wireBytesPerMs } from '../../src/audio/audio-format.ts'
import { linearBytes, linearSamples } from '../../src/audio/linear.ts'
import { decodeMuLaw } from '../../src/audio/mulaw.ts'
import { encodeMuLaw } from '../../src/audio/mulaw-buffer.ts'
import { transcoderBetween } from '../../src/audio/transcoder.ts'
import { heardAt, tone } from '../support/tones.ts'

const TELEPHONE: WireAudio = { encoding: 'mulaw', rate: 8000, wire: 'base64' }
const l16 = (rate: number, wire: WireAudio['wire'] = 'base64'): WireAudio => ({ encoding: 'l16', rate, wire })
const CARRIERS = [TELEPHONE, l16(8000, 'bytes'), l16(16_000, 'bytes'), l16(8000), l16(16_000)]
const AGENTS = [TELEPHONE, ...[8000, 16_000, 22_050, 24_000, 44_100, 48_000].map((rate) => l16(rate))]
const PAIRS = CARRIERS.flatMap((carrier) =>
  AGENTS.flatMap((agent) => [
    [carrier, agent],
    [agent, carrier],
  ]),
)

function payloadOf(samples: Int16Array, { encoding, wire }: WireAudio): Buffer {
  const bytes = encoding === 'mulaw' ? encodeMuLaw(samples) : linearBytes(samples)
  return wire === 'base64' ? Buffer.from(bytes.toString('base64')) : bytes
}

function samplesOf(payloads: Buffer[], { encoding, wire }: WireAudio): Int16Array {
  const pieces = payloads.map((each) => (wire === 'base64' ? Buffer.from(each.toString(), 'base64') : each))
  const bytes = Buffer.concat(pieces)
  return encoding === 'mulaw' ? decodeMuLaw(bytes) : linearSamples(bytes)
}

describe.each(PAIRS.map((pair) => [...pair] as [WireAudio, WireAudio]))('from %j to %j', (from, to) => {
  test('a tone in frames of 20 ms arrives, with no click between them, and sounds as long', () => {
    const transcoder = transcoderBetween(from, to)
    const samples = tone(400, from.rate, { ms: 1020 })
    const frame = from.rate / 50
    const payloads = Array.from({ length: 51 }, (_, i) =>
      payloadOf(samples.subarray(i * frame, (i + 1) * frame), from),
    )
    const arrived = payloads.map((payload) => transcoder?.transcode(payload) ?? payload)
    const heard = samplesOf(arrived, to).subarray(to.rate / 50)
    const { amplitude, snr } = heardAt(heard, 400, to.rate)
    expect(amplitude).toBeGreaterThan(11_800)
    expect(amplitude).toBeLessThan(12_200)
    // Mu-law alone makes as much noise as this.
    expect(snr).toBeGreaterThan(from.encoding === 'mulaw' || to.encoding === 'mulaw' ? 34 : 58)
    const lasts = arrived.reduce((sum, payload) => sum + millisecondsOf(payload, to), 0)
    expect(Math.abs(lasts - 1020)).toBeLessThan(0.2)
  })
})

test('there is none between two forms that are the same', () => {
  expect(transcoderBetween(TELEPHONE, { ...TELEPHONE })).toBeNull()
  expect(transcoderBetween(l16(16_000), l16(16_000, 'bytes'))).not.toBeNull()
})

test('samples that are cut in two between payloads are put together again', () => {
  const bytes = linearBytes(tone(300, 16_000, { ms: 20 }))
  fc.assert(
    fc.property(fc.array(fc.nat({ max: bytes.length }), { maxLength: 8 }), (cuts) => {
      for (const to of [l16(16_000, 'bytes'), l16(8000), TELEPHONE]) {
        const [whole, inPieces] = [transcoderBetween(l16(16_000), to), transcoderBetween(l16(16_000), to)]
        const ends = [...cuts.sort((a, b) => a - b), bytes.length]
        const pieces = ends.map((end, i) => {
          const piece = bytes.subarray(ends[i - 1] ?? 0, end).toString('base64')
          return inPieces?.transcode(Buffer.from(piece)) ?? Buffer.alloc(0)
        })
        const all = whole?.transcode(Buffer.from(bytes.toString('base64'))) ?? Buffer.alloc(0)
        expect(samplesOf(pieces, to)).toEqual(samplesOf([all], to))
      }
    }),
  )
})

test('after a reset half a sample that came before is forgotten', () => {
  const transcoder = transcoderBetween(l16(16_000), l16(16_000, 'bytes'))
  transcoder?.transcode(Buffer.from(Buffer.of(1, 2, 3).toString('base64')))
  transcoder?.reset()
  const next = Buffer.of(4, 5)
  expect(transcoder?.transcode(Buffer.from(next.toString('base64')))).toEqual(next)
})

test.each([
  [TELEPHONE, 'AAAA', 0.375],
  [TELEPHONE, 'AAA=', 0.25],
  [TELEPHONE, 'AA==', 0.125],
  [TELEPHONE, '', 0],
  [l16(16_000), Buffer.alloc(640).toString('base64'), 20],
  [l16(44_100), Buffer.alloc(882).toString('base64'), 10],
])('%j: %s is %d ms', (audio, payload, ms) => {
  expect(millisecondsOf(Buffer.from(payload), audio)).toBe(ms)
})

test('bytes of a millisecond', () => {
  expect(wireBytesPerMs(l16(16_000, 'bytes'))).toBe(32)
  expect(wireBytesPerMs(l16(48_000))).toBe(128)
})
