import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeMuLaw } from '../../src/audio/mulaw.ts'
import { encodeMuLaw } from '../../src/audio/mulaw-buffer.ts'
import { muLawFromWav } from '../../src/audio/mulaw-from-wav.ts'
import { readWav, WavError, writeMuLawWav, writePcmWav } from '../../src/audio/wav.ts'

const PCM_HEADER_BYTES = 44

/** A WAV header as recorders write it, around the given sound. */
function wav(
  format: { tag?: number; channels?: number; rate?: number; bits?: number; extension?: Buffer },
  data: Buffer,
  dataLength = data.length,
): Buffer {
  const { tag = 1, channels = 1, rate = 8000, bits = 16, extension = Buffer.alloc(0) } = format
  const fmt = Buffer.alloc(24)
  fmt.write('fmt ')
  fmt.writeUInt32LE(16 + extension.length, 4)
  fmt.writeUInt16LE(tag, 8)
  fmt.writeUInt16LE(channels, 10)
  fmt.writeUInt32LE(rate, 12)
  fmt.writeUInt16LE(bits, 22)
  const head = Buffer.alloc(8)
  head.write('data')
  head.writeUInt32LE(dataLength, 4)
  const body = Buffer.concat([Buffer.from('WAVE'), fmt, extension, head, data])
  const riff = Buffer.alloc(8)
  riff.write('RIFF')
  riff.writeUInt32LE(body.length, 4)
  return Buffer.concat([riff, body])
}

describe('WAV', () => {
  test('reads what it writes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -32768, max: 32767 }), { maxLength: 300 }),
        fc.integer({ min: 1, max: 192_000 }),
        (values, rate) => {
          const sound = { samples: Int16Array.from(values), rate }
          expect(readWav(writePcmWav(sound))).toEqual(sound)
        },
      ),
    )
  })

  test('wraps mu-law bytes untouched, under format tag 7', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const file = writeMuLawWav(bytes)
        expect(file.readUInt16LE(20)).toBe(7)
        expect(file.length % 2).toBe(0)
        expect(file.readUInt32LE(4)).toBe(file.length - 8)
        expect(readWav(file)).toEqual({ samples: decodeMuLaw(bytes), rate: 8000 })
      }),
    )
  })

  test('mixes channels to one and keeps the rate', () => {
    const stereo = Buffer.alloc(8)
    ;[100, 300, -50, -150].forEach((value, i) => {
      stereo.writeInt16LE(value, i * 2)
    })
    expect(readWav(wav({ channels: 2, rate: 44_100 }, stereo))).toEqual({
      samples: Int16Array.of(200, -100),
      rate: 44_100,
    })
  })

  test('reads unsigned 8-bit PCM', () => {
    const { samples } = readWav(wav({ bits: 8 }, Buffer.of(0, 128, 255)))
    expect([...samples]).toEqual([-32768, 0, 32512])
  })

  test('finds the real format in an extensible header, and skips chunks that it does not need', () => {
    const extension = Buffer.alloc(24)
    extension.writeUInt16LE(22, 0)
    extension.writeUInt16LE(1, 8)
    const list = Buffer.concat([Buffer.from('LIST'), Buffer.of(3, 0, 0, 0), Buffer.from('abc\0')])
    const file = wav({ tag: 0xfffe, extension }, Buffer.of(1, 0))
    const withList = Buffer.concat([file.subarray(0, 12), list, file.subarray(12)])
    expect([...readWav(withList).samples]).toEqual([1])
  })

  test('takes what is there when the writer could not know the length', () => {
    expect(readWav(wav({}, Buffer.of(1, 0, 2, 0), 0xffff_ffff)).samples.length).toBe(2)
  })

  test.each<[string, Buffer, RegExp]>([
    ['an empty file', Buffer.alloc(0), /does not begin with "RIFF"/],
    ['an MP3', Buffer.from('ID3\x03 and so on and on'), /does not begin with "RIFF"/],
    ['another RIFF file', Buffer.from('RIFF\0\0\0\0AVI '), /not marked "WAVE"/],
    ['a file without sound', Buffer.from('RIFF\x04\0\0\0WAVE'), /no "data" chunk/],
    ['a file without format', Buffer.from('RIFF\x0c\0\0\0WAVEdata\0\0\0\0'), /no "fmt " chunk/],
    ['24-bit PCM', wav({ bits: 24 }, Buffer.alloc(3)), /24 bits is not read.*sox/],
    ['an unknown codec', wav({ tag: 85 }, Buffer.alloc(3)), /format 85/],
    ['no channels', wav({ channels: 0 }, Buffer.alloc(2)), /0 channels/],
    ['no rate', wav({ rate: 0 }, Buffer.alloc(2)), /0 Hz/],
    ['a file cut short', wav({}, Buffer.alloc(4), 400), /400 bytes of sound and has 4/],
  ])('refuses %s and says why', (_, file, message) => {
    expect(() => readWav(file)).toThrow(WavError)
    expect(() => readWav(file)).toThrow(message)
  })

  test('never fails but with WavError, whatever the bytes', () => {
    const valid = writePcmWav({ samples: Int16Array.of(1, 2, 3), rate: 8000 })
    fc.assert(
      fc.property(fc.nat(valid.length - 1), fc.nat(255), fc.nat(valid.length), (place, byte, length) => {
        const damaged = Buffer.from(valid)
        damaged[place] = byte
        try {
          readWav(damaged.subarray(0, length))
        } catch (error) {
          expect(error).toBeInstanceOf(WavError)
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('becomes telephone audio in one step', () => {
    const samples = Int16Array.from({ length: 160 }, (_, i) => 9000 * Math.sin(i / 5))
    const file = writePcmWav({ samples, rate: 8000 })
    expect(file.length).toBe(PCM_HEADER_BYTES + 320)
    expect(muLawFromWav(file)).toEqual(encodeMuLaw(samples))
    expect(muLawFromWav(writePcmWav({ samples, rate: 16_000 })).length).toBe(80)
  })
})
