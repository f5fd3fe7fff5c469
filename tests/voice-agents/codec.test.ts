import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  contextualUpdate,
  pong,
  readAgentMessage,
  toolFailed,
} from '../../src/voice-agents/elevenlabs/codec.ts'

const read = (message: unknown) => readAgentMessage(Buffer.from(JSON.stringify(message)), false)

const METADATA = {
  type: 'conversation_initiation_metadata',
  conversation_initiation_metadata_event: {
    conversation_id: 'conv_1',
    agent_output_audio_format: 'pcm_16000',
    user_input_audio_format: 'ulaw_8000',
  },
}

describe('a message of the agent', () => {
  test.each<[object, object]>([
    [
      METADATA,
      { kind: 'metadata', conversationId: 'conv_1', agentFormat: 'pcm_16000', callerFormat: 'ulaw_8000' },
    ],
    [
      { type: 'ping', ping_event: { event_id: 3, ping_ms: 50 } },
      { kind: 'ping', eventId: 3 },
    ],
    [
      { type: 'ping', ping_event: { event_id: 3 } },
      { kind: 'ping', eventId: 3 },
    ],
    [
      { type: 'interruption', interruption_event: { event_id: 4 } },
      { kind: 'interruption', eventId: 4 },
    ],
    [
      { type: 'user_transcript', user_transcription_event: { user_transcript: 'Hello?', event_id: 1 } },
      { kind: 'user-transcript', text: 'Hello?' },
    ],
    [
      { type: 'agent_response', agent_response_event: { agent_response: 'Yes.', event_id: 1 } },
      { kind: 'agent-transcript', text: 'Yes.' },
    ],
    [
      {
        type: 'agent_response_correction',
        agent_response_correction_event: {
          original_agent_response: 'Yes, but',
          corrected_agent_response: 'Yes,',
          event_id: 1,
        },
      },
      { kind: 'agent-transcript-corrected', original: 'Yes, but', spoken: 'Yes,' },
    ],
    [
      {
        type: 'client_tool_call',
        client_tool_call: { tool_name: 'look_up', tool_call_id: 't1', parameters: { a: 1 }, event_id: 1 },
      },
      { kind: 'tool-call', name: 'look_up', callId: 't1' },
    ],
    [
      {
        type: 'agent_tool_response',
        agent_tool_response: {
          tool_name: 'end_call',
          tool_call_id: 't1',
          tool_type: 'system',
          is_error: false,
        },
      },
      { kind: 'tool-response', name: 'end_call', isError: false },
    ],
    [
      { type: 'agent_tool_response', agent_tool_response: { tool_name: 'end_call', is_error: true } },
      { kind: 'tool-response', name: 'end_call', isError: true },
    ],
    [
      { type: 'error', error_event: { code: 1008, error_type: 'override_error', message: 'no' } },
      { kind: 'error', code: 1008, errorType: 'override_error', words: 'no' },
    ],
    [
      { type: 'error', error_event: {} },
      { kind: 'error', code: null, errorType: null, words: null },
    ],
    [{ type: 'error' }, { kind: 'error', code: null, errorType: null, words: null }],
  ])('%j is read', (message, expected) => {
    expect(read(message)).toEqual(expected)
  })

  test.each([
    'tentative_user_transcript',
    'internal_tentative_agent_response',
    'agent_chat_response_part',
    'agent_tool_request',
    'mcp_tool_call',
    'mcp_connection_status',
    'vad_score',
    'asr_initiation_metadata',
    'guardrail_triggered',
    'context_usage',
    'a_type_of_next_year',
    'constructor',
  ])('%s is passed over', (type) => {
    expect(read({ type, [`${type}_event`]: { event_id: 1 } })).toEqual({ kind: 'other' })
  })

  test.each<[string, string, RegExp]>([
    ['that is cut short', '{"type":"ping","ping_event":{', /JSON/],
    ['that is a web page', '<!DOCTYPE html><html></html>', /JSON/],
    ['that is a list', '[{"type":"ping"}]', /type/],
    ['without a type', '{"ping_event":{"event_id":1}}', /type/],
    ['whose event is missing', '{"type":"ping"}', /ping_event/],
    ['whose event is null', '{"type":"ping","ping_event":null}', /ping_event/],
    ['whose number is a text', '{"type":"ping","ping_event":{"event_id":"1"}}', /ping_event\.event_id/],
    [
      'whose number is out of bounds',
      '{"type":"ping","ping_event":{"event_id":1e999}}',
      /ping_event\.event_id/,
    ],
    [
      'whose audio is not base64',
      '{"type":"audio","audio_event":{"audio_base_64":"!","event_id":1}}',
      /base64/,
    ],
    [
      'whose audio has no number',
      '{"type":"audio","audio_event":{"audio_base_64":"AAAA"}}',
      /audio_event\.event_id/,
    ],
  ])('%s is none, and says why', (_, text, why) => {
    expect(readAgentMessage(Buffer.from(text), false)).toEqual({
      kind: 'invalid',
      why: expect.stringMatching(why),
    })
  })

  test('in bytes is none', () => {
    expect(readAgentMessage(Buffer.from(JSON.stringify(METADATA)), true).kind).toBe('invalid')
  })
})

const KINDS = new Set([
  'metadata',
  'audio',
  'interruption',
  'ping',
  'user-transcript',
  'agent-transcript',
  'agent-transcript-corrected',
  'tool-call',
  'tool-response',
  'error',
  'other',
  'invalid',
])

describe('whatever comes over the socket', () => {
  const expectRead = (bytes: Buffer): void => {
    expect(KINDS).toContain(readAgentMessage(bytes, false).kind)
  }

  test('is read without throwing, be it bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => expectRead(Buffer.from(bytes))),
      { numRuns: 500 },
    )
  })

  test('be it any JSON with the name of an event', () => {
    const type = fc.constantFrom(
      'conversation_initiation_metadata',
      'audio',
      'interruption',
      'ping',
      'user_transcript',
      'agent_response',
      'agent_response_correction',
      'client_tool_call',
      'agent_tool_response',
      'error',
    )
    const message = fc.tuple(type, fc.string(), fc.jsonValue()).map(([type, key, value]) => ({
      type,
      [`${type}_event`]: value,
      [key]: value,
      user_transcription_event: value,
      [type]: value,
    }))
    fc.assert(
      fc.property(message, (any) => expectRead(Buffer.from(JSON.stringify(any)))),
      { numRuns: 1_000 },
    )
  })

  test('be it a message that was damaged on its way', () => {
    const audio = { type: 'audio', audio_event: { audio_base_64: 'AAAAAAAA', event_id: 1 } }
    const whole = fc.constantFrom(METADATA, audio).map((message) => Buffer.from(JSON.stringify(message)))
    const damaged = fc.tuple(whole, fc.nat(), fc.nat({ max: 4 }), fc.uint8Array({ maxLength: 4 }))
    fc.assert(
      fc.property(damaged, ([message, at, removed, added]) => {
        const from = at % message.length
        expectRead(Buffer.concat([message.subarray(0, from), added, message.subarray(from + removed)]))
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('what the agent is told', () => {
  const anyText = fc.string({ unit: 'binary' })

  test('comes through whatever is in it', () => {
    fc.assert(
      fc.property(fc.integer(), anyText, anyText, (event_id, id, text) => {
        expect(JSON.parse(pong(event_id))).toEqual({ type: 'pong', event_id })
        expect(JSON.parse(contextualUpdate(text))).toEqual({ type: 'contextual_update', text })
        const failed = { type: 'client_tool_result', tool_call_id: id, result: text, is_error: true }
        expect(JSON.parse(toolFailed(id, text))).toEqual(failed)
      }),
    )
  })
})
