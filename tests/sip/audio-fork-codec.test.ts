import { describe, expect, it } from 'vitest'
import { ForkStream } from '../../src/telephony/sip/audio-fork-codec.ts'
import { forkRatesFor } from '../../src/telephony/sip/fork-rates.ts'
import { type StreamStart, startMetadata } from '../../src/telephony/sip/stream-metadata.ts'

const START = {
  providerCallId: 'a84b4c76e66710@pc33',
  token: 'secret',
  audio: 'stream',
  rates: { caller: 8000, agent: 8000 },
} as const
const TONE = Int16Array.from({ length: 160 }, (_, i) => 9_000 * Math.sin(i / 4))
const bytesOf = (samples: Int16Array) => Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)

function started(change: Partial<StreamStart> = {}): ForkStream {
  const codec = new ForkStream()
  codec.read(Buffer.from(startMetadata({ ...START, ...change })), false)
  return codec
}

const metadataWith = (change: object) =>
  Buffer.from(JSON.stringify({ ...START, ...change })).toString('base64url')

describe('The rates of a fork', () => {
  it.each([
    [null, 8000, 8000],
    [{ input: 8000, output: 8000 }, 8000, 8000],
    [{ input: 16_000, output: 16_000 }, 16_000, 16_000],
    [{ input: 16_000, output: 8000 }, 16_000, 8000],
    [{ input: 8000, output: 44_100 }, 8000, 16_000],
  ])('for an agent of %j are %i and %i', (agent, caller, speech) => {
    expect(forkRatesFor(agent)).toEqual({ caller, agent: speech })
  })

  it('are what the codec says of its audio', () => {
    const codec = started({ rates: { caller: 16_000, agent: 8000 } })
    expect(codec.inboundFormat).toEqual({ encoding: 'l16', rate: 16_000, wire: 'bytes' })
    expect(codec.outboundFormat).toEqual({ encoding: 'l16', rate: 8000, wire: 'bytes' })
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

  it('is at 8 kHz from a leg that is held by an older version, which says nothing of rates', () => {
    const codec = new ForkStream()
    expect(codec.read(Buffer.from(metadataWith({ rates: undefined })), false).kind).toBe('start')
    expect([codec.inboundFormat.rate, codec.outboundFormat.rate]).toEqual([8000, 8000])
  })

  it.each([
    ['metadata that is not ours', [[Buffer.from('{"token":"x"}'), false]]],
    [
      'metadata with a rate that the module has not',
      [[Buffer.from(metadataWith({ rates: { caller: 16_000, agent: 44_100 } })), false]],
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
  const payload = bytesOf(TONE)

  it('is raw samples where the module streams, and silence that brings out the last of them', () => {
    const codec = started()
    expect(codec.sendsBinary).toBe(true)
    expect(codec.media(payload)).toEqual(payload)
    expect(codec.flush).toEqual(Buffer.alloc(2560))
    expect(started({ rates: { caller: 8000, agent: 16_000 } }).flush).toEqual(Buffer.alloc(5120))
  })

  it('is a message with a file where it does not', () => {
    const codec = started({ audio: 'files', rates: { caller: 8000, agent: 16_000 } })
    expect([codec.sendsBinary, codec.flush]).toEqual([false, null])
    expect(codec.outboundFormat).toEqual({ encoding: 'l16', rate: 16_000, wire: 'base64' })
    const { type, data } = JSON.parse(codec.media(Buffer.from(payload.toString('base64'))).toString())
    expect([type, data.audioContentType, data.sampleRate]).toEqual(['playAudio', 'raw', 16_000])
    expect(Buffer.from(data.audioContent, 'base64')).toEqual(payload)
  })
})
