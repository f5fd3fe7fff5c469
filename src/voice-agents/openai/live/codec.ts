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
import { type ApiError, apiErrorSchema } from '../errors.ts'
import { AUDIO_TYPE, type AudioMessage, cutAudio } from './audio-message.ts'

/* The Live API's server events: bytes to messages. Audio takes a path of its own. */

/** A piece of what was said, as it comes, and where it is on the session's timeline. */
export type Fragment = { text: string; startMs: number; endMs: number }

export type ServerMessage =
  | { kind: 'session-started'; sessionId: string; expiresAt: number | null }
  | { kind: 'session-closed'; reason: string }
  | AudioMessage
  | ({ kind: 'caller-transcript' | 'agent-transcript' } & Fragment)
  | { kind: 'delegation'; id: string }
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
const milliseconds = z.number().nonnegative()
const fragment = z.object({ delta: z.string(), start_ms: milliseconds, end_ms: milliseconds })
const error = apiErrorSchema.extend({ client_event_id: apiErrorSchema.shape.event_id })

const transcript = (kind: 'caller-transcript' | 'agent-transcript') =>
  reader(fragment, ({ delta, start_ms, end_ms }) => ({
    kind,
    text: delta,
    startMs: start_ms,
    endMs: end_ms,
  }))

const READERS = new Map<string, EventReader<ServerMessage>>([
  [
    'session.started',
    reader(
      z.object({ session: z.object({ id, expires_at: z.number().nullish().catch(null) }) }),
      ({ session }) => ({
        kind: 'session-started',
        sessionId: session.id,
        expiresAt: session.expires_at ?? null,
      }),
    ),
  ],
  [
    'session.closed',
    reader(z.object({ reason: z.string().regex(/^\w{1,64}$/) }), ({ reason }) => ({
      kind: 'session-closed',
      reason,
    })),
  ],
  [AUDIO_TYPE, reader(z.object({ delta: z.string() }), ({ delta }) => spelledOutAudio(delta))],
  ['session.input_transcript.delta', transcript('caller-transcript')],
  ['session.output_transcript.delta', transcript('agent-transcript')],
  [
    'session.delegation.created',
    reader(z.object({ delegation: z.object({ id }) }), ({ delegation }) => ({
      kind: 'delegation',
      id: delegation.id,
    })),
  ],
  [
    'error',
    reader(z.object({ error }), ({ error: { client_event_id, ...rest } }) => ({
      kind: 'error',
      error: { ...rest, event_id: client_event_id },
    })),
  ],
])

function spelledOutAudio(delta: string): ServerMessage {
  const payload = Buffer.from(delta)
  return isBase64(payload) ? { kind: 'audio', payload } : invalid('audio that is not base64')
}
