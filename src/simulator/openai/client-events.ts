import type { RawData } from 'ws'
import { z } from 'zod'
import { ClientError } from './client-error.ts'

/* What a client may say to the Realtime API, in the vendor's own field names. */

const id = z.string().min(1)

const part = z.looseObject({
  type: z.enum(['input_text', 'input_audio', 'input_image', 'output_text', 'output_audio']),
  text: z.string().optional(),
  audio: z.string().optional(),
})

const item = z.discriminatedUnion('type', [
  z.looseObject({
    id: id.optional(),
    type: z.literal('message'),
    content: z.array(part),
    role: z.enum(['system', 'user', 'assistant']),
  }),
  z.looseObject({
    id: id.optional(),
    type: z.literal('function_call'),
    name: z.string(),
    arguments: z.string(),
    call_id: z.string(),
  }),
  z.looseObject({
    id: id.optional(),
    type: z.literal('function_call_output'),
    output: z.string(),
    call_id: z.string(),
  }),
])

const turnDetection = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('server_vad'),
    threshold: z.number().min(0).max(1).optional(),
    prefix_padding_ms: z.number().optional(),
    silence_duration_ms: z.number().optional(),
    create_response: z.boolean().optional(),
    interrupt_response: z.boolean().optional(),
  }),
  z.looseObject({
    type: z.literal('semantic_vad'),
    eagerness: z.enum(['low', 'medium', 'high', 'auto']).optional(),
    create_response: z.boolean().optional(),
    interrupt_response: z.boolean().optional(),
  }),
])

const format = z.looseObject({ type: z.string() })

const session = z.looseObject({
  type: z.literal('realtime'),
  instructions: z.string().optional(),
  output_modalities: z.array(z.enum(['audio', 'text'])).optional(),
  tools: z.array(z.looseObject({ type: z.string() })).optional(),
  audio: z
    .looseObject({
      input: z
        .looseObject({
          format: format.optional(),
          transcription: z.looseObject({ model: z.string() }).nullish(),
          turn_detection: turnDetection.nullish(),
        })
        .optional(),
      output: z
        .looseObject({
          format: format.optional(),
          voice: z.union([z.string(), z.looseObject({ id: z.string() })]).optional(),
        })
        .optional(),
    })
    .optional(),
})

export type SessionUpdate = z.infer<typeof session>
export type ClientItem = z.infer<typeof item>

const event = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('session.update'), session }),
  z.looseObject({ type: z.literal('input_audio_buffer.append'), audio: z.string() }),
  z.looseObject({ type: z.literal('input_audio_buffer.commit') }),
  z.looseObject({ type: z.literal('input_audio_buffer.clear') }),
  z.looseObject({
    type: z.literal('conversation.item.create'),
    item,
    previous_item_id: z.string().nullish(),
  }),
  z.looseObject({ type: z.literal('conversation.item.retrieve'), item_id: id }),
  z.looseObject({ type: z.literal('conversation.item.delete'), item_id: id }),
  z.looseObject({
    type: z.literal('conversation.item.truncate'),
    item_id: id,
    content_index: z.int(),
    audio_end_ms: z.int().min(0),
  }),
  z.looseObject({
    type: z.literal('response.create'),
    response: z.looseObject({ instructions: z.string().optional() }).optional(),
  }),
  z.looseObject({ type: z.literal('response.cancel'), response_id: id.optional() }),
])

export type ClientEvent = z.infer<typeof event> & { event_id?: unknown }

/** What was sent, as far as it is JSON: for the `event_id` that an error repeats. */
export function parseEvent(data: RawData): Record<string, unknown> {
  let message: unknown
  try {
    message = JSON.parse(String(data))
  } catch {
    throw new ClientError('invalid_json', 'We could not parse the JSON body of your request.')
  }
  if (typeof message !== 'object' || message === null || Array.isArray(message))
    throw new ClientError('invalid_json', 'A client event must be a JSON object.')
  return message as Record<string, unknown>
}

/** @throws ClientError when this is nothing that a client may say. */
export function readClientEvent(message: Record<string, unknown>): ClientEvent {
  const parsed = event.safeParse(message)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const param = issue?.path.join('.') || 'type'
  const isMissing = issue?.code === 'invalid_type' && issue.input === undefined
  const code = isMissing ? 'missing_required_parameter' : 'invalid_value'
  throw new ClientError(code, `Invalid value for '${param}': ${issue?.message}.`, param)
}
