import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { CarrierMessage } from '../../src/media/carrier-port.ts'
import { TwilioMediaStream } from '../../src/telephony/twilio/media-stream.ts'

const SID = 'MZ18ad3ab5a668481ce02b83e7395059f0'
const CALL_SID = 'CAc3e8e2d7b1f04d4f9d3f7c8a6b5e4d3c'
const FORMAT = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 }

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value))

function startMessage(start: Record<string, unknown> = {}) {
  return {
    event: 'start',
    sequenceNumber: '1',
    start: {
      accountSid: 'AC0',
      streamSid: SID,
      callSid: CALL_SID,
      tracks: ['inbound'],
      mediaFormat: FORMAT,
      customParameters: { token: 'secret' },
      ...start,
    },
    streamSid: SID,
  }
}

function startedCodec(): TwilioMediaStream {
  const codec = new TwilioMediaStream()
  expect(codec.read(bytes(startMessage()), false).kind).toBe('start')
  return codec
}

/** What a codec that parses everything makes of a message of a started stream. */
function expectedOf(message: Buffer): { kind: string; payload?: string } {
  let fields: unknown
  try {
    fields = JSON.parse(message.toString())
  } catch {
    return { kind: 'invalid' }
  }
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return { kind: 'invalid' }
  const { event, streamSid, media } = fields as Record<string, unknown>
  if (typeof event !== 'string') return { kind: 'invalid' }
  if (event !== 'media') return { kind: 'not media' }
  if (streamSid !== undefined && streamSid !== SID) return { kind: 'invalid' }
  if (typeof media !== 'object' || media === null || Array.isArray(media)) return { kind: 'invalid' }
  const { track, payload } = media as Record<string, unknown>
  if (track !== 'inbound') return { kind: 'other' }
  if (typeof payload !== 'string' || payload === '') return { kind: 'invalid' }
  const isBase64 = payload.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(payload)
  return isBase64 ? { kind: 'media', payload } : { kind: 'invalid' }
}

function expectAsParsed(message: Buffer) {
  const read = startedCodec().read(message, false)
  const expected = expectedOf(message)
  if (expected.kind === 'not media') return
  const plain =
    read.kind === 'media' ? { kind: read.kind, payload: read.payload.toString() } : { kind: read.kind }
  expect(plain).toEqual(expected)
}

const digits = fc.nat().map(String)
const payload = fc
  .uint8Array({ minLength: 1, maxLength: 400 })
  .map((audio) => Buffer.from(audio).toString('base64'))
const whitespace = fc.constantFrom('', '', ' ', '\n', '\t ')

/** Any JSON text of a value: keys in any order, whitespace anywhere, characters escaped or not. */
function textOf(value: unknown): fc.Arbitrary<string> {
  if (typeof value === 'string') return stringText(value)
  if (typeof value !== 'object' || value === null) return fc.constant(JSON.stringify(value))
  const members = Object.entries(value).map(([key, member]) =>
    fc
      .tuple(stringText(key), whitespace, textOf(member), whitespace)
      .map((parts) => `${parts[0]}:${parts[1]}${parts[2]}${parts[3]}`),
  )
  return fc
    .tuple(...members)
    .chain((texts) => fc.shuffledSubarray(texts, { minLength: texts.length }))
    .map((texts) => `{${texts.join(',')}}`)
}

function stringText(text: string): fc.Arbitrary<string> {
  const plain = JSON.stringify(text)
  const escaped = fc.nat({ max: Math.max(0, text.length - 1) }).map((at) => {
    const code = text.charCodeAt(at).toString(16).padStart(4, '0')
    return text === '' ? plain : `"${text.slice(0, at)}\\u${code}${text.slice(at + 1)}"`
  })
  return fc.oneof({ weight: 4, arbitrary: fc.constant(plain) }, { weight: 1, arbitrary: escaped })
}

const mediaMessage = fc.record(
  {
    event: fc.constant('media'),
    sequenceNumber: digits,
    streamSid: fc.oneof({ weight: 9, arbitrary: fc.constant(SID) }, { weight: 1, arbitrary: fc.string() }),
    media: fc.record(
      {
        track: fc.constantFrom('inbound', 'inbound', 'inbound', 'outbound'),
        chunk: digits,
        timestamp: digits,
        payload: fc.oneof({ weight: 9, arbitrary: payload }, { weight: 1, arbitrary: fc.string() }),
      },
      { requiredKeys: ['track'] },
    ),
    later: fc.jsonValue(),
  },
  { requiredKeys: ['event', 'media'] },
)

describe('reading media', () => {
  test('Twilio’s own bytes are read as they are', () => {
    const audio = Buffer.alloc(160, 0x7f).toString('base64')
    const message = Buffer.from(
      `{"event":"media","sequenceNumber":"102","media":{"track":"inbound","chunk":"101","timestamp":"2088",` +
        `"payload":"${audio}"},"streamSid":"${SID}"}`,
    )
    const read = startedCodec().read(message, false)
    expect(read).toMatchObject({ kind: 'media' })
    const view = (read as { payload: Buffer }).payload
    expect(view.toString()).toBe(audio)
    expect(view.buffer).toBe(message.buffer)
  })

  test('every JSON text of a message is read as JSON.parse reads it', () => {
    const text = mediaMessage.chain((message) => textOf(message))
    fc.assert(
      fc.property(text, (json) => expectAsParsed(Buffer.from(json))),
      { numRuns: 1000 },
    )
  })

  test('a message with any byte changed, added or lost is read as JSON.parse reads it', () => {
    const twilios = fc.tuple(digits, digits, digits, payload).chain(([sequence, chunk, timestamp, audio]) => {
      const head = `{"event":"media","sequenceNumber":"${sequence}",`
      const media = `"media":{"track":"inbound","chunk":"${chunk}","timestamp":"${timestamp}","payload":"${audio}"}`
      const sid = `"streamSid":"${SID}"`
      return fc.constantFrom(`${head}${media},${sid}}`, `${head}${sid},${media}}`)
    })
    const character = fc.constantFrom(...'"\\{}:,=+/ 0aZ\u0000é'.split(''))
    const change = fc.record({
      at: fc.nat(),
      lose: fc.nat({ max: 2 }),
      add: fc.array(character, { maxLength: 2 }),
    })
    fc.assert(
      fc.property(twilios, fc.array(change, { maxLength: 3 }), (message, changes) => {
        const changed = changes.reduce<string>((text, { at, lose, add }) => {
          const place = at % (text.length + 1)
          return text.slice(0, place) + add.join('') + text.slice(place + lose)
        }, message)
        expectAsParsed(Buffer.from(changed))
      }),
      { numRuns: 2000 },
    )
  })

  test('a `start` that nests as deep as it can is refused like any other', () => {
    const deep = JSON.stringify(startMessage({ mediaFormat: 'HERE' }))
    const nested = `{"encoding":${'['.repeat(20_000)}${']'.repeat(20_000)}}`
    expect(new TwilioMediaStream().read(Buffer.from(deep.replace('"HERE"', nested)), false).kind).toBe(
      'invalid',
    )
  })
})

describe('reading the rest', () => {
  const cases: [unknown, CarrierMessage][] = [
    [{ event: 'connected', protocol: 'Call', version: '1.0.0' }, { kind: 'other' }],
    [{ event: 'something-new', streamSid: SID }, { kind: 'other' }],
    [
      { event: 'mark', streamSid: SID, mark: {} },
      { kind: 'invalid', why: '`mark` without a name' },
    ],
    [
      { event: 'mark', streamSid: 'MZother', mark: { name: 'x' } },
      { kind: 'invalid', why: 'the streamSid of another stream' },
    ],
    [
      { event: 'dtmf', streamSid: SID },
      { kind: 'invalid', why: '`dtmf` without a digit' },
    ],
    [[], { kind: 'invalid', why: 'not a JSON object' }],
    [{ event: 7 }, { kind: 'invalid', why: 'no `event`' }],
  ]
  for (const [message, expected] of cases) {
    test(JSON.stringify(message), () => {
      expect(startedCodec().read(bytes(message), false)).toEqual(expected)
    })
  }

  test('a binary frame is none of Twilio’s', () => {
    expect(startedCodec().read(bytes({ event: 'stop', streamSid: SID }), true).kind).toBe('invalid')
  })
})

describe('reading start', () => {
  const read = (start: Record<string, unknown>) =>
    new TwilioMediaStream().read(bytes(startMessage(start)), false)

  test('it names the call and carries the token', () => {
    expect(read({})).toEqual({ kind: 'start', providerCallId: CALL_SID, token: 'secret' })
    expect(read({ customParameters: {} })).toEqual({ kind: 'start', providerCallId: CALL_SID, token: null })
    expect(read({ customParameters: undefined })).toEqual({
      kind: 'start',
      providerCallId: CALL_SID,
      token: null,
    })
  })

  const refused: [Record<string, unknown>, RegExp][] = [
    [{ callSid: undefined }, /callSid/],
    [{ callSid: '' }, /callSid/],
    [{ streamSid: 'MZ"},"x":{"' }, /streamSid/],
    [{ streamSid: 'MZother' }, /two different streamSids/],
    [{ mediaFormat: undefined }, /mediaFormat/],
    [{ mediaFormat: { ...FORMAT, encoding: 'audio/l16' } }, /audio\/l16 8000 x1, not audio\/x-mulaw 8000 x1/],
    [{ mediaFormat: { ...FORMAT, sampleRate: 16000 } }, /16000/],
    [{ mediaFormat: { ...FORMAT, channels: 2 } }, /x2/],
    [{ mediaFormat: { ...FORMAT, encoding: '\u0000'.repeat(99) } }, /audio is \?{24} 8000/],
  ]
  for (const [start, why] of refused) {
    test(`${JSON.stringify(start)} is refused, and why is said`, () => {
      expect(read(start)).toMatchObject({ kind: 'invalid', why: expect.stringMatching(why) })
    })
  }
})

describe('writing', () => {
  test('audio is spliced so that JSON.parse finds it again', () => {
    const codec = startedCodec()
    fc.assert(
      fc.property(payload, (audio) => {
        expect(JSON.parse(codec.media(Buffer.from(audio)).toString())).toEqual({
          event: 'media',
          streamSid: SID,
          media: { payload: audio },
        })
      }),
    )
  })

  test('nothing can be written before `start`', () => {
    expect(() => new TwilioMediaStream().media(Buffer.from('AAAA'))).toThrow('before its `start`')
  })
})
