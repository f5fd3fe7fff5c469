import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isBase64 } from '../../src/audio/base64.ts'
import { socketUrl } from '../../src/voice-agents/openai/account.ts'
import { lossByRefusal } from '../../src/voice-agents/openai/errors.ts'
import { callerAudio, cutAudio } from '../../src/voice-agents/openai/realtime/audio-message.ts'
import { readServerMessage } from '../../src/voice-agents/openai/realtime/codec.ts'
import { anyHand, type Json, object, spell } from './json-spellings.ts'

/*
 * Audio is cut out of its message without parsing it. Whatever the vendor may write, that must find what JSON.parse finds,
 * or leave the message to the slow path.
 */

const base64 = fc.uint8Array({ maxLength: 120 }).map((bytes) => Buffer.from(bytes).toString('base64'))
const treacherous = fc.constantFrom(
  '',
  'delta',
  '"delta"',
  '"delta":"AAAA"',
  '","delta":"',
  '\\',
  '\\"',
  'response.output_audio.delta',
  'response_id',
  '}}',
  '\ud800',
  'ß€😀',
)
const anyText = fc.oneof(treacherous, base64, fc.string({ unit: 'grapheme', maxLength: 8 }))
const anyValue: fc.Arbitrary<Json> = fc.oneof(
  anyText,
  fc.constantFrom(null, true, 0, -1.5),
  fc.array(anyText, { maxLength: 2 }),
)
const key = fc.constantFrom('type', 'delta', 'response_id', 'item_id', 'event_id', 'content_index', 'x')
const entries = fc.array(fc.tuple(key, anyValue), { maxLength: 8 })
const proper = fc
  .tuple(base64, anyText, anyText)
  .map(([delta, response, item]): [string, Json][] => [
    ['type', 'response.output_audio.delta'],
    ['event_id', 'e1'] as [string, Json],
    ['response_id', response] as [string, Json],
    ['item_id', item] as [string, Json],
    ['delta', delta] as [string, Json],
  ])

describe('audio is cut out of a message', () => {
  test('as JSON.parse would find it, or not at all', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          proper,
          entries,
          fc.tuple(proper, entries).map(([a, b]) => [...a, ...b]),
        ),
        anyHand,
        (all, hand) => {
          const text = spell(object(all), hand)
          const cut = cutAudio(Buffer.from(text))
          if (cut === null) return
          const event = JSON.parse(Buffer.from(text).toString())
          expect(event.type).toBe('response.output_audio.delta')
          expect(cut.payload.toString()).toBe(event.delta)
          expect(isBase64(cut.payload)).toBe(true)
        },
      ),
      { numRuns: 2_000 },
    )
  })

  test('as the vendor writes it, and as a view', () => {
    const event = { type: 'response.output_audio.delta', event_id: 'e', response_id: 'r', item_id: 'i' }
    const message = Buffer.from(
      JSON.stringify({ ...event, output_index: 0, content_index: 0, delta: 'AAAA' }),
    )
    const cut = cutAudio(message)
    expect(cut).toMatchObject({ kind: 'audio', responseId: 'r', itemId: 'i' })
    expect(cut?.payload.toString()).toBe('AAAA')
    expect(cut?.payload.buffer).toBe(message.buffer)
  })

  test('and written into one, as it is', () => {
    expect(JSON.parse(callerAudio(Buffer.from('AAAA')).toString())).toEqual({
      type: 'input_audio_buffer.append',
      audio: 'AAAA',
    })
  })
})

describe('a message', () => {
  test('of any kind is read without a throw', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), fc.boolean(), (text, isBinary) => {
        expect(readServerMessage(Buffer.from(text), isBinary).kind).toMatch(/^(invalid|other)$/)
      }),
    )
  })

  test.each([
    [{ type: 'session.created', session: {} }, 'session.id'],
    [{ type: 'session.created', session: { id: 'two words' } }, 'session.id'],
    [{ type: 'response.done', response: { id: 'r' } }, 'response.status'],
    [{ type: 'response.output_audio.delta', response_id: 'r', item_id: 'i', delta: 'A' }, 'not base64'],
    [{ type: 'error' }, 'error'],
  ])('%j is none of the protocol', (event, why) => {
    const read = readServerMessage(Buffer.from(JSON.stringify(event)), false)
    expect(read).toEqual({ kind: 'invalid', why: expect.stringContaining(why) })
  })

  test('keeps text that a database takes', () => {
    const event = {
      type: 'response.output_audio_transcript.done',
      response_id: 'r',
      item_id: 'i',
      transcript: 'a\0b',
    }
    expect(readServerMessage(Buffer.from(JSON.stringify(event)), false)).toMatchObject({ text: 'a\ufffdb' })
  })
})

describe('the address', () => {
  test.each([
    ['https://api.openai.com', 'wss://api.openai.com/v1/realtime?model=a%2Fb'],
    ['https://eu.api.openai.com/v1', 'wss://eu.api.openai.com/v1/realtime?model=a%2Fb'],
    ['http://127.0.0.1:80/proxy', 'ws://127.0.0.1/proxy/v1/realtime?model=a%2Fb'],
  ])('at %s', (baseUrl, url) => {
    expect(socketUrl({ apiKey: null, baseUrl }, '/realtime', { model: 'a/b' })).toBe(url)
  })
})

test('what a refusal says is bounded and without the key', () => {
  const error = {
    message: `Incorrect API key provided: sk-abcdefghijklmnop. ${'x'.repeat(900)}`,
    code: 'invalid_api_key',
  }
  const { detail, isPermanent } = lossByRefusal(401, {
    status: '401 Unauthorized',
    body: JSON.stringify({ error }),
  })
  expect(detail).toMatch(/^401 Unauthorized: invalid_api_key: Incorrect API key provided: …/)
  expect(detail?.length).toBeLessThanOrEqual(200)
  expect(isPermanent).toBe(true)
})
