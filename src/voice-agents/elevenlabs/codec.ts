import { z } from 'zod'
import { storable } from './storable.ts'

/*
 * The agent socket's messages: bytes to events and back, without state. Audio takes a path of its own, because it
 * is nearly all there is: the payload is cut out of the message as a view, and only the few bytes around it are parsed.
 */

export type AgentMessage =
  | { kind: 'metadata'; conversationId: string; agentFormat: string; callerFormat: string }
  /** `payload`: base64 as ASCII bytes, a view into the message wherever that is possible. */
  | { kind: 'audio'; payload: Buffer; eventId: number }
  /** Audio of an event below this one must not be heard any more. */
  | { kind: 'interruption'; eventId: number }
  | { kind: 'ping'; eventId: number }
  | { kind: 'caller-said'; text: string }
  | { kind: 'agent-said'; text: string }
  | { kind: 'agent-corrected'; original: string; spoken: string }
  | { kind: 'tool-call'; name: string; callId: string }
  | { kind: 'tool-response'; name: string; isError: boolean }
  /** The vendor is about to close the socket with this code. */
  | { kind: 'error'; code: number | null; errorType: string | null }
  /** A type that this service has no use for, or that the vendor added since. */
  | { kind: 'other' }
  /** Not a message of this protocol; `why` says what is wrong in a few words. */
  | { kind: 'invalid'; why: string }

const AUDIO_KEY = Buffer.from('"audio_base_64"')
const AUDIO_KEY_NAME = 'audio_base_64'
const QUOTE = 0x22
const COLON = 0x3a

/** Reads one message from the vendor. Never throws. */
export function readAgentMessage(message: Buffer, isBinary: boolean): AgentMessage {
  if (isBinary) return invalid('a binary message')
  return cutAudio(message) ?? parseMessage(message.toString())
}

/**
 * The audio event, if this is one in its usual spelling; null sends the message down the slow path, which judges it.
 *
 * The payload is taken out and what remains is parsed. That this finds the right string follows from three checks:
 * nothing is escaped in what remains, so the key can be spelled in one way only; it occurs once; and the parsed event
 * has the emptied string just there.
 */
function cutAudio(message: Buffer): AgentMessage | null {
  const key = message.indexOf(AUDIO_KEY)
  if (key < 0) return null
  const start = stringAfterColon(message, key + AUDIO_KEY.length)
  const end = start < 0 ? -1 : message.indexOf(QUOTE, start)
  if (end < 0) return null
  // Latin-1 keeps every byte a character: text in an alignment may look odd, which nobody reads.
  const rest = message.toString('latin1', 0, start) + message.toString('latin1', end)
  if (rest.includes('\\') || rest.includes(AUDIO_KEY_NAME, start)) return null
  const eventId = emptiedAudioEventId(rest)
  const payload = message.subarray(start, end)
  return eventId === null || !isBase64(payload) ? null : { kind: 'audio', payload, eventId }
}

/** Where the string begins that follows a key's colon, behind its quote; -1 when something else follows. */
function stringAfterColon(message: Buffer, from: number): number {
  let at = skipSpace(message, from)
  if (message[at] !== COLON) return -1
  at = skipSpace(message, at + 1)
  return message[at] === QUOTE ? at + 1 : -1
}

function skipSpace(message: Buffer, from: number): number {
  let at = from
  for (let byte = message[at]; byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d; )
    byte = message[++at]
  return at
}

function emptiedAudioEventId(text: string): number | null {
  const message = parseJson(text) as { type?: unknown; audio_event?: Record<string, unknown> | null } | null
  if (message?.type !== 'audio' || message.audio_event?.[AUDIO_KEY_NAME] !== '') return null
  const id = message.audio_event.event_id
  return typeof id === 'number' ? id : null
}

const BASE64 = new Uint8Array(256)
for (const letter of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')
  BASE64[letter.charCodeAt(0)] = 1
const PADDING = 0x3d

/** What is spliced into the carrier's message must be base64 and nothing else. */
function isBase64(bytes: Buffer): boolean {
  if (bytes.length % 4 !== 0) return false
  let end = bytes.length
  if (bytes[end - 1] === PADDING) end -= bytes[end - 2] === PADDING ? 2 : 1
  for (let at = 0; at < end; at++) if (BASE64[bytes[at] as number] === 0) return false
  return true
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

const READERS = new Map<string, (message: unknown) => AgentMessage>([
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
      ({ user_transcription_event: event }) => ({ kind: 'caller-said', text: event.user_transcript }),
    ),
  ],
  [
    'agent_response',
    reader(
      z.object({ agent_response_event: z.object({ agent_response: words }) }),
      ({ agent_response_event: event }) => ({ kind: 'agent-said', text: event.agent_response }),
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
        kind: 'agent-corrected',
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
        error_event: z.object({ code: z.number().nullish().catch(null), error_type: errorType }).optional(),
      }),
      ({ error_event }) => ({
        kind: 'error',
        code: error_event?.code ?? null,
        errorType: error_event?.error_type ?? null,
      }),
    ),
  ],
])

function reader<Schema extends z.ZodType>(
  schema: Schema,
  toMessage: (message: z.output<Schema>) => AgentMessage,
): (message: unknown) => AgentMessage {
  return (message) => {
    const parsed = schema.safeParse(message)
    if (parsed.success) return toMessage(parsed.data)
    return invalid(`${parsed.error.issues[0]?.path.join('.')} is not as the protocol says`)
  }
}

function parseMessage(text: string): AgentMessage {
  const message = parseJson(text)
  if (typeof message !== 'object' || message === null) return invalid('not a JSON object')
  if (!('type' in message) || typeof message.type !== 'string') return invalid('no type')
  return READERS.get(message.type)?.(message) ?? { kind: 'other' }
}

function spelledOutAudio(base64: string, eventId: number): AgentMessage {
  const payload = Buffer.from(base64, 'latin1')
  return isBase64(payload) ? { kind: 'audio', payload, eventId } : invalid('audio that is not base64')
}

/** The parsed value, or null (which no message is) for what is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const invalid = (why: string): AgentMessage => ({ kind: 'invalid', why })

const CALLER_AUDIO_HEAD = Buffer.from('{"user_audio_chunk":"')
const CALLER_AUDIO_TAIL = Buffer.from('"}')

/** Caller audio for the agent. `payload`: base64 as ASCII bytes, copied as it is. */
export function callerAudio(payload: Buffer): Buffer {
  const tailAt = CALLER_AUDIO_HEAD.length + payload.length
  const message = Buffer.allocUnsafe(tailAt + CALLER_AUDIO_TAIL.length)
  message.set(CALLER_AUDIO_HEAD)
  message.set(payload, CALLER_AUDIO_HEAD.length)
  message.set(CALLER_AUDIO_TAIL, tailAt)
  return message
}

/** The answer to a ping, due at once. */
export const pong = (eventId: number): string => JSON.stringify({ type: 'pong', event_id: eventId })

/** Something the agent should know, to which it does not reply. */
export const contextualUpdate = (text: string): string => JSON.stringify({ type: 'contextual_update', text })

/** The answer to a tool that the agent expected this client to have. */
export const toolFailed = (callId: string, result: string): string =>
  JSON.stringify({ type: 'client_tool_result', tool_call_id: callId, result, is_error: true })
