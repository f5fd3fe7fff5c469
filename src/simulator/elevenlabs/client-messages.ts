import type { RawData } from 'ws'
import { z } from 'zod'
import { isRecord } from './agent-config.ts'
import { ConversationFailure } from './conversation-failure.ts'

/* What a client may say on the agent's WebSocket. Caller audio is the one message without a `type`. */

const override = z.looseObject({
  agent: z
    .looseObject({
      first_message: z.string().nullish(),
      language: z.string().nullish(),
      prompt: z.looseObject({ prompt: z.string().nullish() }).nullish(),
    })
    .nullish(),
  tts: z.looseObject({ voice_id: z.string().nullish() }).nullish(),
})

const init = z.looseObject({
  type: z.literal('conversation_initiation_client_data'),
  conversation_config_override: override.nullish(),
  custom_llm_extra_body: z.record(z.string(), z.unknown()).nullish(),
  dynamic_variables: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]).nullable())
    .nullish(),
  user_id: z.string().nullish(),
})

export type ConversationInit = z.infer<typeof init>

const typedMessage = z.discriminatedUnion('type', [
  init,
  z.looseObject({ type: z.literal('pong'), event_id: z.number() }),
  z.looseObject({ type: z.literal('user_message'), text: z.string().nullish() }),
  z.looseObject({ type: z.literal('user_activity') }),
  z.looseObject({ type: z.literal('contextual_update'), text: z.string() }),
  z.looseObject({
    type: z.literal('client_tool_result'),
    tool_call_id: z.string(),
    result: z.string(),
    is_error: z.boolean(),
  }),
  z.looseObject({ type: z.literal('mcp_tool_approval_result') }),
  z.looseObject({ type: z.literal('feedback'), event_id: z.number() }),
  z.looseObject({ type: z.literal('multimodal_message') }),
])

export type ClientMessage = z.infer<typeof typedMessage> | { type: 'audio'; audio: Buffer }

/** @throws ConversationFailure `invalid_message` when this is nothing that a client may say. */
export function readClientMessage(data: RawData): ClientMessage {
  const message = parseJson(data)
  const { user_audio_chunk: audio } = message
  if (typeof audio === 'string') return { type: 'audio', audio: Buffer.from(audio, 'base64') }
  const parsed = typedMessage.safeParse(message)
  if (!parsed.success) throw invalid(faultsIn(parsed.error))
  return parsed.data
}

function faultsIn({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => `${path.join('.') || 'message'}: ${message}`).join('; ')
}

function parseJson(data: RawData): Record<string, unknown> {
  let message: unknown
  try {
    message = JSON.parse(String(data))
  } catch {
    throw invalid('Message is not valid JSON')
  }
  if (!isRecord(message)) throw invalid('Message is not a JSON object')
  return message
}

function invalid(message: string): ConversationFailure {
  return new ConversationFailure('invalid_message', message)
}
