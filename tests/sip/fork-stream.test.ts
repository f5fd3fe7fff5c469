import { describe, expect, it } from 'vitest'
import { linearOfMuLaw, muLawOfLinear } from '../../src/audio/linear.ts'
import { decodeMuLaw, encodeMuLaw } from '../../src/audio/mulaw.ts'
import { ForkStream } from '../../src/telephony/sip/fork-stream.ts'
import { digitText, startMetadata } from '../../src/telephony/sip/stream-metadata.ts'

const START = { providerCallId: 'a84b4c76e66710@pc33', token: 'secret', audio: 'stream' } as const
const TONE = Int16Array.from({ length: 160 }, (_, i) => 9_000 * Math.sin(i / 4))
const bytesOf = (samples: Int16Array) => Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)

function started(audio: 'stream' | 'files' = 'stream'): ForkStream {
  const codec = new ForkStream()
  codec.read(Buffer.from(startMetadata({ ...START, audio })), false)
  return codec
}

describe('L16 and mu-law', () => {
  it('are each other, sample by sample', () => {
    expect(muLawOfLinear(bytesOf(TONE))).toEqual(encodeMuLaw(TONE))
    const codewords = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
    expect(linearOfMuLaw(codewords)).toEqual(bytesOf(decodeMuLaw(codewords)))
  })

  it('never make the sample by which the module tells its marks', () => {
    const codewords = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
    expect([...decodeMuLaw(codewords)]).not.toContain(-1)
    expect(linearOfMuLaw(codewords).length).toBe(512)
  })
})

describe('What the fork sends', () => {
  it('begins with its metadata, which survives FreeSWITCH’s commands', () => {
    const metadata = startMetadata(START)
    expect(metadata).toMatch(/^[\w-]+$/)
    expect(new ForkStream().read(Buffer.from(metadata), false)).toEqual({
      kind: 'start',
      providerCallId: START.providerCallId,
      token: START.token,
    })
  })

  it('is the caller’s audio, of any even length', () => {
    const codec = started()
    for (const samples of [160, 320, 1600, 1]) {
      const read = codec.read(bytesOf(TONE.slice(0, 1)).subarray(0, 2), true)
      expect(read.kind).toBe('media')
      const frame = new Int16Array(samples).fill(1000)
      const message = codec.read(bytesOf(frame), true)
      const payload = message.kind === 'media' ? Buffer.from(message.payload.toString(), 'base64') : null
      expect(payload).toEqual(encodeMuLaw(frame))
    }
  })

  it('is a key that was pressed', () => {
    expect(started().read(Buffer.from(digitText('5')), false)).toEqual({ kind: 'dtmf', digit: '5' })
  })

  it.each([
    ['audio before its metadata', [[Buffer.alloc(320), true]]],
    ['metadata that is not ours', [[Buffer.from('{"token":"x"}'), false]]],
    ['metadata of nothing', [[Buffer.alloc(0), false]]],
    [
      'metadata twice',
      [
        [Buffer.from(startMetadata(START)), false],
        [Buffer.from(startMetadata(START)), false],
      ],
    ],
    [
      'half a sample',
      [
        [Buffer.from(startMetadata(START)), false],
        [Buffer.alloc(321), true],
      ],
    ],
  ] as const)('%s is invalid', (_, messages) => {
    const codec = new ForkStream()
    const read = messages.map(([message, isBinary]) => codec.read(message, isBinary))
    expect(read.at(-1)?.kind).toBe('invalid')
  })

  it('may be something that is none of our business', () => {
    expect(started().read(Buffer.from('{"type":"mark","data":{}}'), false).kind).toBe('other')
    expect(started().read(Buffer.alloc(0), true).kind).toBe('other')
  })
})

describe('What the fork is sent', () => {
  const payload = Buffer.from(encodeMuLaw(TONE).toString('base64'))

  it('is raw samples where the module streams, and silence that brings out the last of them', () => {
    const codec = started('stream')
    expect(codec.sendsBinary).toBe(true)
    expect(codec.media(payload)).toEqual(bytesOf(decodeMuLaw(encodeMuLaw(TONE))))
    expect(codec.flush).toEqual(Buffer.alloc(2560))
  })

  it('is a message with a file where it does not', () => {
    const codec = started('files')
    expect([codec.sendsBinary, codec.flush]).toEqual([false, null])
    const { type, data } = JSON.parse(codec.media(payload).toString())
    expect([type, data.audioContentType, data.sampleRate]).toEqual(['playAudio', 'raw', 8000])
    expect(Buffer.from(data.audioContent, 'base64')).toEqual(bytesOf(decodeMuLaw(encodeMuLaw(TONE))))
  })

  it('is a word that silences it at once, and no marks', () => {
    expect(JSON.parse(started().clear().toString())).toEqual({ type: 'killAudio' })
    expect(started().mark()).toBeNull()
  })
})
