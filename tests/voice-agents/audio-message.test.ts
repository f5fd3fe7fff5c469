import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isBase64 } from '../../src/audio/base64.ts'
import { AudioCutter, callerAudio } from '../../src/voice-agents/elevenlabs/audio-message.ts'
import { readAgentMessage } from '../../src/voice-agents/elevenlabs/codec.ts'
import { anyHand, type Hand, type Json, object, plainHand, spell } from './json-spellings.ts'

/*
 * Audio is cut out of its message without parsing it. Whatever the vendor may write, that must find what JSON.parse finds,
 * or leave the message to the slow path.
 */

const base64 = fc.uint8Array({ maxLength: 120 }).map((bytes) => Buffer.from(bytes).toString('base64'))
/** Texts made to be mistaken for the message around them. */
const treacherous = fc.constantFrom(
  '',
  'audio_base_64',
  '"audio_base_64"',
  '"audio_base_64":"AAAA"',
  '","audio_base_64":"',
  '\\',
  '\\"',
  'audio_event',
  'event_id',
  '}}',
  '\ud800',
  'ß€😀',
)
const anyText = fc.oneof(treacherous, base64, fc.string({ unit: 'grapheme', maxLength: 8 }))
const alignment = fc
  .tuple(fc.array(anyText, { maxLength: 3 }), fc.array(fc.nat(), { maxLength: 3 }))
  .map(([chars, times]) =>
    object([
      ['chars', chars],
      ['char_start_times_ms', times],
    ]),
  )
const anyValue: fc.Arbitrary<Json> = fc.oneof(
  anyText,
  fc.constantFrom(null, true, 0, -1.5, 1e21),
  alignment,
  fc.array(anyText, { maxLength: 2 }),
)

/** These entries, with others among them, in any order. */
function among(
  entries: fc.Arbitrary<[string, Json][]>,
  others: fc.Arbitrary<[string, Json]>,
): fc.Arbitrary<Json> {
  return fc
    .tuple(entries, fc.array(others, { maxLength: 3 }))
    .chain(([known, more]) =>
      fc.shuffledSubarray([...known, ...more], { minLength: known.length + more.length }),
    )
    .map(object)
}

/** An audio event as the protocol has it. */
const properAudio = fc.tuple(base64, fc.integer(), fc.option(alignment)).chain(([payload, id, aligned]) => {
  const event: [string, Json][] = [
    ['audio_base_64', payload],
    ['event_id', id],
    ...(aligned ? [['alignment', aligned] as [string, Json]] : []),
  ]
  return fc
    .tuple(fc.shuffledSubarray(event, { minLength: event.length }), fc.boolean())
    .map(([entries, typeFirst]) => {
      const parts: [string, Json][] = [
        ['type', 'audio'],
        ['audio_event', object(entries)],
      ]
      return { payload, id, message: object(typeFirst ? parts : parts.reverse()) }
    })
})

/** Something like one, with keys missing, twice, or in the wrong place, and values of any kind. */
const likeAudio = among(
  fc
    .record({ type: fc.constantFrom('audio', 'audio', 'ping'), event: eventLike() })
    .map(({ type, event }) => [
      ['type', type],
      ['audio_event', event],
    ]),
  fc.tuple(fc.constantFrom('type', 'audio_event', 'audio_base_64', 'more', '__proto__'), anyValue),
)

function eventLike(): fc.Arbitrary<Json> {
  const payload = fc.oneof({ weight: 4, arbitrary: base64 }, { weight: 1, arbitrary: anyValue })
  const id = fc.oneof(
    { weight: 4, arbitrary: fc.integer() as fc.Arbitrary<Json> },
    { weight: 1, arbitrary: anyValue },
  )
  return among(
    fc.tuple(payload, id).map(([audio, event]) => [
      ['audio_base_64', audio],
      ['event_id', event],
    ]),
    fc.tuple(fc.constantFrom('audio_base_64', 'event_id', 'alignment', 'x'), anyValue),
  )
}

/** What JSON.parse makes of it; null for what is no audio. */
function parsedAudio(text: string): { payload: string; eventId: number } | null {
  const { type, audio_event: event } = parseJson(text) ?? {}
  if (type !== 'audio' || typeof event !== 'object' || event === null) return null
  const { audio_base_64: payload, event_id: eventId } = event
  if (typeof payload !== 'string' || typeof eventId !== 'number') return null
  return isCanonicalBase64(payload) ? { payload, eventId } : null
}

function parseJson(text: string) {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const isCanonicalBase64 = (text: string) =>
  /^([\w+/]{4})*([\w+/]{2}==|[\w+/]{3}=)?$/.test(text) && !text.includes('_')

const cutAudio = (message: Buffer) => new AudioCutter().cut(message)

const shown = (audio: { payload: Buffer; eventId: number }) => ({
  payload: audio.payload.toString('latin1'),
  eventId: audio.eventId,
})

/** The same message, saying something else. */
const withAnotherPayload = (text: string) =>
  base64.map((payload) => text.replace(/("audio_base_64"\s*:\s*")[\w+/=]*"/, `$1${payload}"`))

/** The same message with one character changed. */
const corrupted = (text: string) =>
  fc
    .tuple(fc.nat({ max: text.length - 1 }), fc.constantFrom(...'"\\,{}A=0 '))
    .map(([at, letter]) => text.slice(0, at) + letter + text.slice(at + 1))

function expectTruth(text: string, cutter = new AudioCutter()): void {
  const bytes = Buffer.from(text)
  const expected = parsedAudio(text)
  const cut = cutter.cut(bytes)
  if (cut) expect(shown(cut), text).toEqual(expected)
  const read = readAgentMessage(bytes, false)
  expect(read.kind === 'audio' ? shown(read) : null, text).toEqual(expected)
}

describe('audio cut out of a message', () => {
  test('is what JSON.parse finds, in any spelling that escapes nothing', () => {
    fc.assert(
      fc.property(properAudio, plainHand, ({ payload, id, message }, hand) => {
        const bytes = Buffer.from(spell(message, hand))
        const cut = cutAudio(bytes)
        // An alignment may hold what must be escaped, or what looks like the key: then it is read the slow way.
        if (!cut) expect(bytes.toString().replace(payload, '')).toMatch(/\\|audio_base_64.*audio_base_64/s)
        const audio = cut ?? readAgentMessage(bytes, false)
        expect(audio).toMatchObject({ kind: 'audio', eventId: id })
        expect('payload' in audio && audio.payload.toString()).toBe(payload)
      }),
      { numRuns: 400 },
    )
  })

  test('is a view into the message, as a serializer writes it', () => {
    fc.assert(
      fc.property(base64, fc.nat(), (payload, event_id) => {
        const event = { audio_base_64: payload, event_id }
        for (const message of [
          { type: 'audio', audio_event: event },
          { audio_event: { event_id, audio_base_64: payload }, type: 'audio' },
          { type: 'audio', audio_event: { ...event, alignment: { chars: ['H', 'é'] } } },
        ]) {
          const bytes = Buffer.from(JSON.stringify(message))
          const cut = cutAudio(bytes)
          expect(cut && shown(cut)).toEqual({ payload, eventId: event_id })
          expect(cut?.payload.buffer).toBe(bytes.buffer)
        }
      }),
    )
  })

  test('is never anything else than JSON.parse finds, whatever is escaped, doubled or in the wrong place', () => {
    fc.assert(
      fc.property(likeAudio, anyHand, (message: Json, hand: Hand) => expectTruth(spell(message, hand))),
      { numRuns: 2_000 },
    )
  })

  test('is not taken for that of the message before, which was like it', () => {
    const message = fc.oneof(
      properAudio.map((audio) => audio.message),
      likeAudio,
    )
    const run = fc.tuple(message, anyHand).chain(([message, hand]) => {
      const text = spell(message, hand)
      return fc.array(fc.oneof(fc.constant(text), withAnotherPayload(text), corrupted(text)), {
        minLength: 2,
      })
    })
    fc.assert(
      fc.property(run, (texts) => {
        const cutter = new AudioCutter()
        for (const text of texts) expectTruth(text, cutter)
      }),
      { numRuns: 500 },
    )
  })

  test.each([
    [
      'twice, once escaped',
      '{"type":"audio","audio_event":{"audio_base_64":"AAAA","audio_base_\\u00364":"","event_id":1}}',
    ],
    ['twice', '{"type":"audio","audio_event":{"audio_base_64":"AAAA","audio_base_64":"","event_id":1}}'],
    [
      'in a text',
      '{"type":"audio","x":"\\"audio_base_64":"AAAA"","audio_event":{"audio_base_64":"","event_id":1}}',
    ],
    ['beside its event', '{"type":"audio","audio_base_64":"AAAA","audio_event":{"event_id":1}}'],
    ['in another event', '{"type":"audio","x":{"audio_base_64":"AAAA"},"audio_event":{"event_id":1}}'],
    ['without an end', '{"type":"audio","audio_event":{"audio_base_64":"AAAA'],
    ['without a number', '{"type":"audio","audio_event":{"audio_base_64":"AAAA","event_id":1e999}}'],
  ])('is not mistaken when its key is there %s', (_, text) => {
    expect(cutAudio(Buffer.from(text))).toBeNull()
  })

  test('is only ever base64', () => {
    fc.assert(
      fc.property(
        fc.oneof(base64, fc.string(), fc.base64String(), fc.stringMatching(/^[\w+/=]{0,9}$/)),
        (text) => {
          expect(isBase64(Buffer.from(text))).toBe(isCanonicalBase64(text))
        },
      ),
      { numRuns: 1_000 },
    )
  })
})

test("the caller's audio is spliced into its message as it is", () => {
  fc.assert(
    fc.property(base64, (payload) => {
      const message = callerAudio(Buffer.from(payload))
      expect(JSON.parse(message.toString())).toEqual({ user_audio_chunk: payload })
    }),
  )
})
