import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { writeMuLawWav, writePcmWav } from '../../src/audio/wav.ts'
import { contentOf } from '../../src/runtime/spool.ts'
import { encodeMp3 } from '../../src/simulator/elevenlabs/mp3.ts'
import { type SampleFormat, secondsOf } from '../../src/voices/sample-length.ts'
import { checkSamples } from '../../src/voices/samples.ts'

const MIME_TYPES = {
  wav: 'audio/wav',
  mp3: 'audio/mpeg',
  ogg: 'audio/ogg',
  flac: 'audio/flac',
  m4a: 'audio/mp4',
  webm: 'audio/webm',
  aac: 'audio/aac',
} as const

const pcm = (seconds: number, rate: number) => new Int16Array(seconds * rate).fill(1_000)

/** STREAMINFO of so many samples. */
function flac(samples: number, rate: number): Buffer {
  const bytes = Buffer.alloc(64)
  bytes.write('fLaC')
  bytes.writeUIntBE((rate << 4) | 0b0010, 18, 3)
  bytes.writeUInt8(0xf0 | Math.floor(samples / 2 ** 32), 21)
  bytes.writeUInt32BE(samples % 2 ** 32, 22)
  return bytes
}

/** A page with one packet, up to whose end there are so many samples. */
function oggPage(packet: Buffer, position: bigint): Buffer {
  const head = Buffer.alloc(28)
  head.write('OggS')
  head.writeBigUInt64LE(position, 6)
  head.writeUInt8(1, 26)
  head.writeUInt8(packet.length, 27)
  return Buffer.concat([head, packet])
}

function ogg(first: Buffer, position: bigint): Buffer {
  return Buffer.concat([oggPage(first, 0n), oggPage(Buffer.alloc(50, 7), position)])
}
const opus = Buffer.concat([Buffer.from('OpusHead\x01\x01'), Buffer.alloc(9)])
const vorbis = Buffer.concat([
  Buffer.from('\x01vorbis\0\0\0\0\x01'),
  Buffer.from([0x44, 0xac, 0, 0]),
  Buffer.alloc(14),
])

describe('a sample is as long as it says', () => {
  test.each<[string, SampleFormat, Buffer, number]>([
    ['mu-law WAV', 'wav', writeMuLawWav(Buffer.alloc(12_000)), 1.5],
    ['PCM WAV', 'wav', writePcmWav({ samples: pcm(0.5, 16_000), rate: 16_000 }), 0.5],
    ['FLAC', 'flac', flac(88_200, 44_100), 2],
    ['FLAC of a day', 'flac', flac(96_000 * 86_400, 96_000), 86_400],
    ['Opus', 'ogg', ogg(opus, 72_000n), 1.5],
    ['Vorbis', 'ogg', ogg(vorbis, 22_050n), 0.5],
  ])('%s', async (_, format, bytes, seconds) => {
    expect(await secondsOf({ name: format, mimeType: MIME_TYPES[format] }, bytes)).toBeCloseTo(seconds, 3)
  })

  test.each([
    [44_100, 128],
    [16_000, 48],
    [8_000, 32],
  ] as const)('MP3 of %i Hz, with tags before and behind it', async (rate, bitrate) => {
    const mp3 = await encodeMp3(pcm(2, rate), rate, bitrate)
    const tag = Buffer.concat([Buffer.from('ID3\x04\0\0\0\0\x01\x02'), Buffer.alloc(130)])
    const title = Buffer.concat([Buffer.from('TAG'), Buffer.alloc(125)])
    for (const bytes of [mp3, Buffer.concat([tag, mp3, title])])
      expect(
        Math.abs(((await secondsOf({ name: 'mp3', mimeType: 'audio/mpeg' }, bytes)) ?? 0) - 2),
      ).toBeLessThan(0.2)
  })

  test('WAV that was streamed says nothing of its length: it is all that follows', async () => {
    const bytes = writeMuLawWav(Buffer.alloc(4_000))
    bytes.writeUInt32LE(0xffff_ffff, bytes.indexOf('data') + 4)
    expect(await secondsOf({ name: 'wav', mimeType: 'audio/wav' }, bytes)).toBeCloseTo(0.5, 3)
  })
})

describe('a sample that does not say how long it is', () => {
  test.each<[string, SampleFormat, Buffer]>([
    ['counts no samples', 'flac', flac(0, 44_100)],
    ['is in a format of its own', 'ogg', ogg(Buffer.from('Speex   '), 8_000n)],
    ['is a live stream', 'ogg', ogg(opus, 0xffff_ffff_ffff_ffffn)],
    ['is half a frame', 'mp3', Buffer.from([0xff, 0xfb, 0x90, 0x64])],
    ['is a tag', 'mp3', Buffer.from('ID3\x04\0')],
  ])('because it %s', async (_, format, bytes) => {
    expect(await secondsOf({ name: format, mimeType: MIME_TYPES[format] }, bytes)).toBeNull()
  })

  test('is read without throwing, whatever is in it', async () => {
    const heads = { wav: 'RIFF\0\0\0\0WAVEfmt ', flac: 'fLaC', ogg: 'OggS', mp3: 'ID3' }
    const format = fc.constantFrom('wav' as const, 'flac' as const, 'ogg' as const, 'mp3' as const)
    await fc.assert(
      fc.asyncProperty(
        format,
        fc.uint8Array({ maxLength: 200 }),
        fc.boolean(),
        async (name, body, isHeaded) => {
          const bytes = Buffer.concat([Buffer.from(isHeaded ? heads[name] : ''), body])
          const seconds = await secondsOf({ name, mimeType: MIME_TYPES[name] }, bytes)
          expect(seconds === null || seconds >= 0).toBe(true)
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('samples that are too short', () => {
  const file = (fileName: string, seconds: number) => ({
    fileName,
    content: contentOf(writeMuLawWav(Buffer.alloc(seconds * 8_000))),
  })

  test('are refused, with what to do', async () => {
    expect(await checkSamples([file('a.wav', 0.05)])).toEqual({
      refused: [
        'they have 0.05 s of sound together, and 0.1 s is the least: record a minute or two of clear speech',
      ],
    })
    expect(await checkSamples([file('a.wav', 0.04), file('b.wav', 0.05)])).toEqual({
      refused: [expect.stringMatching(/^they have 0\.09 s of sound/)],
    })
  })

  test('are enough together', async () => {
    expect(await checkSamples([file('a.wav', 0.05), file('b.wav', 0.06)])).toHaveProperty('samples')
    expect(await checkSamples([file('a.wav', 0.2)])).toHaveProperty('samples')
  })
})
