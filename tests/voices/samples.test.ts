import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkSamples, MAX_SAMPLE_BYTES, MAX_SAMPLES, sampleKeyOf } from '../../src/voices/samples.ts'

const HEADS = {
  wav: Buffer.from('RIFF\x24\0\0\0WAVEfmt '),
  ogg: Buffer.from('OggS\0\x02'),
  flac: Buffer.from('fLaC\0\0'),
  'mp3 with a tag': Buffer.from('ID3\x04\0'),
  'mp3, MPEG 1 layer III': Buffer.from([0xff, 0xfb, 0x90, 0x64]),
  'mp3, MPEG 2 layer III with checksum': Buffer.from([0xff, 0xf2, 0x90, 0x64]),
  'mp3, MPEG 2.5': Buffer.from([0xff, 0xe3, 0x18, 0xc4]),
}
const { wav } = HEADS

const file = (fileName: string, bytes: Buffer) => ({ fileName, mimeType: 'application/octet-stream', bytes })
const check = (fileName: string, bytes: Buffer) => checkSamples([file(fileName, bytes)])

describe('a sample', () => {
  it.each([
    ['speech.wav', HEADS.wav, 'audio/wav'],
    ['speech.WAVE', HEADS.wav, 'audio/wav'],
    ['speech.ogg', HEADS.ogg, 'audio/ogg'],
    ['voice message.opus', HEADS.ogg, 'audio/ogg'],
    ['speech.oga', HEADS.ogg, 'audio/ogg'],
    ['speech.flac', HEADS.flac, 'audio/flac'],
    ['speech.mp3', HEADS['mp3 with a tag'], 'audio/mpeg'],
    ['speech.mp3', HEADS['mp3, MPEG 1 layer III'], 'audio/mpeg'],
    ['speech.mp3', HEADS['mp3, MPEG 2 layer III with checksum'], 'audio/mpeg'],
    ['speech.mp3', HEADS['mp3, MPEG 2.5'], 'audio/mpeg'],
    ['no ending', HEADS.flac, 'audio/flac'],
  ])('%s is known by its content, whatever the upload calls it', (fileName, bytes, mimeType) => {
    expect(check(fileName, bytes)).toEqual({
      samples: [{ fileName, mimeType, bytes, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }],
    })
  })

  it.each([
    ['empty.wav', Buffer.alloc(0), 'empty.wav is empty'],
    ['page.wav', Buffer.from('<html>'), 'page.wav is neither wav, mp3, ogg nor flac by its content'],
    ['short.wav', Buffer.from('RIFF'), 'short.wav is neither wav, mp3, ogg nor flac by its content'],
    [
      'film.avi',
      Buffer.from('RIFF\0\0\0\0AVI '),
      'film.avi is neither wav, mp3, ogg nor flac by its content',
    ],
    [
      'aac.mp3',
      Buffer.from([0xff, 0xf1, 0x50, 0x80]),
      'aac.mp3 is neither wav, mp3, ogg nor flac by its content',
    ],
    [
      'layer2.mp3',
      Buffer.from([0xff, 0xfd, 0, 0]),
      'layer2.mp3 is neither wav, mp3, ogg nor flac by its content',
    ],
    ['one.mp3', Buffer.from([0xff]), 'one.mp3 is neither wav, mp3, ogg nor flac by its content'],
    ['lie.mp3', wav, 'lie.mp3 is called .mp3 and is wav by its content'],
    ['tune.exe', HEADS.flac, 'tune.exe is called .exe and is flac by its content'],
    ['big.wav', Buffer.concat([wav, Buffer.alloc(MAX_SAMPLE_BYTES)]), 'big.wav is larger than 10 MB'],
  ])('%s is refused with its fault', (fileName, bytes, fault) => {
    expect(check(fileName, bytes)).toEqual({ refused: [fault] })
  })

  it('may be as large as the limit', () => {
    const bytes = Buffer.concat([wav, Buffer.alloc(MAX_SAMPLE_BYTES - wav.length)])
    expect(check('big.wav', bytes)).toHaveProperty('samples')
  })
})

describe('a set of samples', () => {
  const files = (count: number) => Array.from({ length: count }, (_, i) => file(`${i}.wav`, wav))

  it('has between one and ten files', () => {
    expect(checkSamples([])).toEqual({ refused: ['there is no file'] })
    expect(checkSamples(files(MAX_SAMPLES))).toHaveProperty('samples')
    expect(checkSamples(files(MAX_SAMPLES + 1))).toEqual({
      refused: ['there are 11 files, at most 10 are allowed'],
    })
  })

  it('is refused with every fault of every file', () => {
    const refused = checkSamples([...files(11), file('a.wav', Buffer.alloc(0)), file('b.ogg', wav)])
    expect(refused).toEqual({
      refused: [
        'there are 13 files, at most 10 are allowed',
        'a.wav is empty',
        'b.ogg is called .ogg and is wav by its content',
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
