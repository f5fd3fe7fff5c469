import { describe, expect, test } from 'vitest'
import { overridesOf } from '../../src/voice-agents/elevenlabs/initiation.ts'
import { refusalIn } from '../../src/voice-agents/elevenlabs/override-refusal.ts'
import { vendorWords } from '../../src/voices/ports.ts'
import { REQUEST } from './recorded-agent.ts'

const ALL = ['voice', 'first_message', 'language', 'prompt'] as const
const closed = (words: string | null, errorType: string | null = 'override_error', code = 1008) =>
  refusalIn({ code, errorType, words }, [...ALL])

describe('what a vendor refused', () => {
  test.each([
    ["Override for field 'tts.voice_id' is not allowed by config.", 'voice'],
    ["Override for field 'agent.first_message' is not allowed by config.", 'first_message'],
    ["Override for field 'agent.language' is not allowed by config.", 'language'],
    ["Override for field 'agent.prompt.prompt' is not allowed by config.", 'prompt'],
  ])('is what it names: %s', (words, override) => {
    expect(closed(words)).toEqual({ overrides: [override], isGone: false, isNamed: true })
  })

  test('is a voice that it no longer has, whatever the close code is', () => {
    const words = 'A voice with the voice_id abc was not found.'
    for (const [errorType, code] of [
      ['value_error', 1008],
      [null, 1002],
    ] as const)
      expect(closed(words, errorType, code)).toEqual({ overrides: ['voice'], isGone: true, isNamed: true })
  })

  test('is the voice first where it names nothing, and then all the rest', () => {
    expect(closed(null)?.overrides).toEqual(['voice'])
    const rest = refusalIn({ code: 1008, errorType: null, words: 'no' }, ['first_message', 'prompt'])
    expect(rest).toEqual({ overrides: ['first_message', 'prompt'], isGone: false, isNamed: false })
  })

  test.each([
    ['another fault of ours', 'missing_dynamic_variable', 1008],
    ['a fault of its own', null, 1011],
    ['an end in order', null, 1000],
  ])('is nothing at %s', (_, errorType, code) => {
    expect(closed('Missing required dynamic variables', errorType, code)).toBeNull()
  })

  test('is nothing where nothing was asked for', () => {
    expect(refusalIn({ code: 1008, errorType: 'override_error', words: null }, [])).toBeNull()
  })

  test('is not asked for again', () => {
    const agent = { ...REQUEST.agent, firstMessage: 'Hi', language: 'de', instructions: 'Be kind.' }
    const request = { ...REQUEST, agent, voiceId: 'v1' }
    expect(overridesOf(request).sort()).toEqual([...ALL].sort())
    const refusedOverrides = ['first_message', 'prompt'] as const
    expect(overridesOf({ ...request, voiceId: null, refusedOverrides: [...refusedOverrides] })).toEqual([
      'language',
    ])
  })
})

test.each([
  ['503 Service Unavailable: <html><style>p{}</style><h1>Down</h1></html>', '503 Service Unavailable: Down'],
  ['Call from +1 (555) 010-0001 refused', 'Call from … refused'],
  [
    'wss://api/x?agent_id=abc&conversation_signature=secret failed',
    'wss://api/x?agent_id=…&conversation_signature=… failed',
  ],
  ['key sk_0123456789abcdef is wrong', 'key … is wrong'],
  ['Bearer 0123456789abcdef0123 is refused', 'Bearer … is refused'],
  ['two\nlines', 'two lines'],
  ['  ', null],
])('a vendor’s words are kept without what is nobody’s business: %s', (said, kept) => {
  expect(vendorWords(said)).toBe(kept)
})

test('a vendor’s words are kept as far as they tell what is wrong', () => {
  expect(vendorWords('x'.repeat(5_000))).toHaveLength(200)
})
