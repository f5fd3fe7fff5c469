import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { writeMuLawWav } from '../../src/audio/wav.ts'
import { contentOf } from '../../src/runtime/spool.ts'
import { encodeMp3 } from '../../src/simulator/elevenlabs/mp3.ts'
import { MAX_SAMPLE_BYTES } from '../../src/voices/judge-sample.ts'
import { checkSamples, MAX_SAMPLES, sampleKeyOf } from '../../src/voices/samples.ts'

const mp3 = await encodeMp3(new Int16Array(8_000).fill(1_000), 16_000, 48)
const wav = writeMuLawWav(Buffer.alloc(4_000, 0x7f))

const file = (fileName: string, bytes: Buffer) => ({ fileName, content: contentOf(bytes) })
const check = (fileName: string, bytes: Buffer) => checkSamples([file(fileName, bytes)])

describe('a sample', () => {
  it.each([
    ['speech.wav', wav, 'audio/wav'],
    ['speech.ogg', Buffer.from('OggS\0\x02'), 'audio/ogg'],
    ['speech.flac', Buffer.from('fLaC\0\0'), 'audio/flac'],
    ['speech.mp3', mp3, 'audio/mpeg'],
    ['speech.mp3', Buffer.from('ID3\x04\0'), 'audio/mpeg'],
    ['speech.mp3', mp3.subarray(101), 'audio/mpeg'],
    ['lie.mp3', wav, 'audio/wav'],
  ])('%s is known by its content, whatever the upload calls it', async (fileName, bytes, mimeType) => {
    expect(await check(fileName, bytes)).toEqual({
      samples: [
        {
          fileName,
          mimeType,
          size: bytes.length,
          pieces: expect.any(Function),
          sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        },
      ],
    })
  })

  it.each([
    ['empty.wav', Buffer.alloc(0), /^empty\.wav is empty$/],
    ['page.wav', Buffer.from('<html>'), /^page\.wav is not wav, mp3,/],
    ['short.wav', Buffer.from('RIFF'), /^short\.wav is not wav, mp3,/],
    ['film.avi', Buffer.from('RIFF\0\0\0\0AVI '), /^film\.avi is not wav, mp3,/],
    ['layer2.mp3', Buffer.from([0xff, 0xfd, 0, 0]), /^layer2\.mp3 is not wav, mp3,/],
    ['one.mp3', Buffer.from([0xff]), /^one\.mp3 is not wav, mp3,/],
    ['noise.mp3', Buffer.alloc(5_000, 0xfb), /^noise\.mp3 is not wav, mp3,/],
    ['head.wav', Buffer.from('RIFF\x24\0\0\0WAVEfmt '), /^head\.wav is wav without any sound/],
    ['big.wav', Buffer.concat([wav, Buffer.alloc(MAX_SAMPLE_BYTES)]), /^big\.wav is larger than 10 MB$/],
  ])('%s is refused with its fault', async (fileName, bytes, fault) => {
    expect(await check(fileName, bytes)).toEqual({ refused: [expect.stringMatching(fault)] })
  })

  it('may be as large as the limit', async () => {
    const bytes = Buffer.concat([wav, Buffer.alloc(MAX_SAMPLE_BYTES - wav.length)])
    expect(await check('big.wav', bytes)).toHaveProperty('samples')
  })
})

describe('a set of samples', () => {
  const files = (count: number) => Array.from({ length: count }, (_, i) => file(`${i}.wav`, wav))

  it('has between one and ten files', async () => {
    expect(await checkSamples([])).toEqual({ refused: ['there is no file'] })
    expect(await checkSamples(files(MAX_SAMPLES))).toHaveProperty('samples')
    expect(await checkSamples(files(MAX_SAMPLES + 1))).toEqual({
      refused: ['there are 11 files, at most 10 are allowed'],
    })
  })

  it('is refused with every fault of every file', async () => {
    const refused = await checkSamples([
      ...files(11),
      file('a.wav', Buffer.alloc(0)),
      file('b.ogg', Buffer.from('no sound')),
    ])
    expect(refused).toEqual({
      refused: [
        'there are 13 files, at most 10 are allowed',
        'a.wav is empty',
        expect.stringMatching(/^b\.ogg is not wav/),
      ],
    })
  })

  const contents = fc.uniqueArray(
    fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64, maxLength: 64 }),
    {
      minLength: 1,
      maxLength: 10,
    },
  )
  const samples = (hashes: string[]) => hashes.map((sha256) => ({ sha256 }))

  it('is named by its contents, in whatever order and however often', () => {
    const shuffled = contents.chain((hashes) =>
      fc.tuple(
        fc.constant(hashes),
        fc.shuffledSubarray([...hashes, ...hashes], { minLength: hashes.length * 2 }),
      ),
    )
    fc.assert(
      fc.property(shuffled, ([hashes, again]) => {
        expect(sampleKeyOf(samples(again))).toBe(sampleKeyOf(samples(hashes)))
      }),
    )
  })

  it('has another name when anything in it is another', () => {
    fc.assert(
      fc.property(contents, contents, (one, other) => {
        const isSame = [...one].sort().join() === [...other].sort().join()
        expect(sampleKeyOf(samples(one)) === sampleKeyOf(samples(other))).toBe(isSame)
      }),
    )
  })
})
