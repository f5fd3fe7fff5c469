import { z } from 'zod'
import { isBase64 } from '../../audio/base64.ts'
import { type EventReader, type Invalid, invalid, type Other, readEvent, reader } from '../server-events.ts'
import { storable } from '../storable-text.ts'
import { AudioCutter, type AudioMessage } from './audio-message.ts'

/* The agent socket's messages: bytes to events and back. Audio takes a path of its own. */

export type AgentMessage =
  | { kind: 'metadata'; conversationId: string; agentFormat: string; callerFormat: string }
  | AudioMessage
  /** Audio of an event below this one must not be heard any more. */
  | { kind: 'interruption'; eventId: number }
  | { kind: 'ping'; eventId: number }
  | { kind: 'user-transcript'; text: string }
  | { kind: 'agent-transcript'; text: string }
  | { kind: 'agent-transcript-corrected'; original: string; spoken: string }
  | { kind: 'tool-call'; name: string; callId: string }
  | { kind: 'tool-response'; name: string; isError: boolean }
  /** The vendor is about to close the socket with this code. */
  | { kind: 'error'; code: number | null; errorType: string | null; words: string | null }
  | Other
  | Invalid

/** Reads one message from the vendor; `cutter` knows the audio before it on the same socket. Never throws. */
export function readAgentMessage(
  message: Buffer,
  isBinary: boolean,
  cutter = new AudioCutter(),
): AgentMessage {
  if (isBinary) return invalid('a binary message')
  return cutter.cut(message) ?? readEvent(READERS, message.toString())
}

const eventId = z.number()
/** It ends up in the database and in URLs. */
const conversationId = z.string().regex(/^[!-~]{1,255}$/)
const words = z.string().transform(storable)
/** A slug for logs; one of another form says no more than that there was an error. */
const errorType = z
  .string()
  .regex(/^[\w.-]{1,64}$/)
  .nullish()
  .catch(null)
const tool = z.object({ tool_name: z.string() })

const READERS = new Map<string, EventReader<AgentMessage>>([
  [
    'conversation_initiation_metadata',
    reader(
      z.object({
        conversation_initiation_metadata_event: z.object({
          conversation_id: conversationId,
          agent_output_audio_format: z.string(),
          user_input_audio_format: z.string(),
        }),
      }),
      ({ conversation_initiation_metadata_event: event }) => ({
        kind: 'metadata',
        conversationId: event.conversation_id,
        agentFormat: event.agent_output_audio_format,
        callerFormat: event.user_input_audio_format,
      }),
    ),
  ],
  [
    'audio',
    reader(
      z.object({ audio_event: z.object({ audio_base_64: z.string(), event_id: eventId }) }),
      ({ audio_event: event }) => spelledOutAudio(event.audio_base_64, event.event_id),
    ),
  ],
  [
    'interruption',
    reader(z.object({ interruption_event: z.object({ event_id: eventId }) }), ({ interruption_event }) => ({
      kind: 'interruption',
      eventId: interruption_event.event_id,
    })),
  ],
  [
    'ping',
    reader(z.object({ ping_event: z.object({ event_id: eventId }) }), ({ ping_event }) => ({
      kind: 'ping',
      eventId: ping_event.event_id,
    })),
  ],
  [
    'user_transcript',
    reader(
      z.object({ user_transcription_event: z.object({ user_transcript: words }) }),
      ({ user_transcription_event: event }) => ({ kind: 'user-transcript', text: event.user_transcript }),
    ),
  ],
  [
    'agent_response',
    reader(
      z.object({ agent_response_event: z.object({ agent_response: words }) }),
      ({ agent_response_event: event }) => ({ kind: 'agent-transcript', text: event.agent_response }),
    ),
  ],
  [
    'agent_response_correction',
    reader(
      z.object({
        agent_response_correction_event: z.object({
          original_agent_response: words,
          corrected_agent_response: words,
        }),
      }),
      ({ agent_response_correction_event: event }) => ({
        kind: 'agent-transcript-corrected',
        original: event.original_agent_response,
        spoken: event.corrected_agent_response,
      }),
    ),
  ],
  [
    'client_tool_call',
    reader(
      z.object({ client_tool_call: tool.extend({ tool_call_id: z.string() }) }),
      ({ client_tool_call: call }) => ({
        kind: 'tool-call',
        name: call.tool_name,
        callId: call.tool_call_id,
      }),
    ),
  ],
  [
    'agent_tool_response',
    reader(
      z.object({ agent_tool_response: tool.extend({ is_error: z.boolean().optional() }) }),
      ({ agent_tool_response: response }) => ({
        kind: 'tool-response',
        name: response.tool_name,
        isError: response.is_error ?? false,
      }),
    ),
  ],
  [
    'error',
    reader(
      z.object({
        error_event: z
          .object({
            code: z.number().nullish().catch(null),
            error_type: errorType,
            message: z.string().nullish().catch(null),
            reason: z.string().nullish().catch(null),
          })
          .optional(),
      }),
      ({ error_event }) => ({
        kind: 'error',
        code: error_event?.code ?? null,
        errorType: error_event?.error_type ?? null,
        words: error_event?.message ?? error_event?.reason ?? null,
      }),
    ),
  ],
])

function spelledOutAudio(base64: string, eventId: number): AgentMessage {
  const payload = Buffer.from(base64)
  return isBase64(payload) ? { kind: 'audio', payload, eventId } : invalid('audio that is not base64')
}

/** The answer to a ping, due at once. */
export const pong = (eventId: number): string => JSON.stringify({ type: 'pong', event_id: eventId })

/** Something the agent should know, to which it does not reply. */
export const contextualUpdate = (text: string): string => JSON.stringify({ type: 'contextual_update', text })

/** The caller is busy: the agent's patience begins anew. */
export const userActivity = JSON.stringify({ type: 'user_activity' })

/** Something typed in the caller's place, to which the agent replies. */
export const userMessage = (text: string): string => JSON.stringify({ type: 'user_message', text })

/** The answer to a tool that the agent expected this client to have. */
export const toolFailed = (callId: string, result: string): string =>
  JSON.stringify({ type: 'client_tool_result', tool_call_id: callId, result, is_error: true })
