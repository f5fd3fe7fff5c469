import { z } from 'zod'
import { isBase64 } from '../../../audio/base64.ts'
import {
  type EventReader,
  type Invalid,
  invalid,
  type Other,
  readEvent,
  reader,
} from '../../server-events.ts'
import { storable } from '../../storable-text.ts'
import { type ApiError, apiErrorSchema } from '../errors.ts'
import { AUDIO_TYPE, type AudioMessage, cutAudio } from './audio-message.ts'

/* The Realtime API's server events: bytes to messages. Audio takes a path of its own. */

export type ServerMessage =
  | { kind: 'session-created' | 'session-updated'; sessionId: string; expiresAt: number | null }
  | AudioMessage
  | { kind: 'speech-started' | 'speech-stopped' }
  | { kind: 'response-created'; responseId: string }
  | {
      kind: 'response-done'
      responseId: string
      status: string
      reason: string | null
      error: ApiError | null
    }
  | { kind: 'caller-transcript'; text: string }
  | { kind: 'caller-transcript-failed'; error: ApiError }
  /** A piece of what the agent says; with `isWhole`, all of it. */
  | { kind: 'agent-transcript'; responseId: string; itemId: string; text: string; isWhole: boolean }
  | { kind: 'function-call'; responseId: string; callId: string; name: string }
  | { kind: 'error'; error: ApiError }
  | Other
  | Invalid

/** Reads one message from the vendor. Never throws. */
export function readServerMessage(message: Buffer, isBinary: boolean): ServerMessage {
  if (isBinary) return invalid('a binary message')
  return cutAudio(message) ?? readEvent(READERS, message.toString())
}

/** Ids are sent back, and one ends up in the database and in URLs. */
const id = z.string().regex(/^[!-~]{1,255}$/)
const words = z.string().transform(storable)
const ofResponse = z.object({ response_id: id })
const ofItem = ofResponse.extend({ item_id: id })
const session = z.object({ session: z.object({ id, expires_at: z.number().nullish().catch(null) }) })

const sessionMessage = (kind: 'session-created' | 'session-updated') =>
  reader(session, ({ session: { id: sessionId, expires_at } }) => ({
    kind,
    sessionId,
    expiresAt: expires_at ?? null,
  }))

const READERS = new Map<string, EventReader<ServerMessage>>([
  ['session.created', sessionMessage('session-created')],
  ['session.updated', sessionMessage('session-updated')],
  [
    AUDIO_TYPE,
    reader(ofItem.extend({ delta: z.string() }), ({ response_id, item_id, delta }) =>
      spelledOutAudio(delta, response_id, item_id),
    ),
  ],
  ['input_audio_buffer.speech_started', () => ({ kind: 'speech-started' })],
  ['input_audio_buffer.speech_stopped', () => ({ kind: 'speech-stopped' })],
  [
    'response.created',
    reader(z.object({ response: z.object({ id }) }), ({ response }) => ({
      kind: 'response-created',
      responseId: response.id,
    })),
  ],
  [
    'response.done',
    reader(
      z.object({
        response: z.object({
          id,
          status: z.string(),
          status_details: z
            .object({ reason: z.string().nullish().catch(null), error: apiErrorSchema.nullish().catch(null) })
            .nullish(),
        }),
      }),
      ({ response: { id: responseId, status, status_details } }) => ({
        kind: 'response-done',
        responseId,
        status,
        reason: status_details?.reason ?? null,
        error: status_details?.error ?? null,
      }),
    ),
  ],
  [
    'conversation.item.input_audio_transcription.completed',
    reader(z.object({ transcript: words }), ({ transcript }) => ({
      kind: 'caller-transcript',
      text: transcript.trim(),
    })),
  ],
  [
    'conversation.item.input_audio_transcription.failed',
    reader(z.object({ error: apiErrorSchema }), ({ error }) => ({ kind: 'caller-transcript-failed', error })),
  ],
  [
    'response.output_audio_transcript.delta',
    reader(ofItem.extend({ delta: words }), ({ response_id, item_id, delta }) =>
      transcript(response_id, item_id, delta, false),
    ),
  ],
  [
    'response.output_audio_transcript.done',
    reader(ofItem.extend({ transcript: words }), ({ response_id, item_id, transcript: text }) =>
      transcript(response_id, item_id, text, true),
    ),
  ],
  [
    'response.function_call_arguments.done',
    reader(ofResponse.extend({ call_id: id, name: z.string() }), ({ response_id, call_id, name }) => ({
      kind: 'function-call',
      responseId: response_id,
      callId: call_id,
      name,
    })),
  ],
  ['error', reader(z.object({ error: apiErrorSchema }), ({ error }) => ({ kind: 'error', error }))],
])

function spelledOutAudio(delta: string, responseId: string, itemId: string): ServerMessage {
  const payload = Buffer.from(delta)
  return isBase64(payload)
    ? { kind: 'audio', payload, responseId, itemId }
    : invalid('audio that is not base64')
}

const transcript = (responseId: string, itemId: string, text: string, isWhole: boolean): ServerMessage => ({
  kind: 'agent-transcript',
  responseId,
  itemId,
  text,
  isWhole,
})
