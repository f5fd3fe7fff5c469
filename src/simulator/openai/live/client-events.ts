import { z } from 'zod'
import { ClientError } from '../client-error.ts'

/* What a client may say to the Live API over its primary WebSocket; the vendor refuses fields that it does not know. */

const eventId = z.string().nullish()

const message = (role: string, types: [string, ...string[]]) =>
  z.strictObject({
    id: z.string().nullish(),
    type: z.literal('message').optional(),
    status: z.enum(['incomplete', 'completed']).nullish(),
    role: z.literal(role),
    content: z.array(z.strictObject({ type: z.enum(types).optional(), text: z.string() })).length(1),
  })

const format = z.union([
  z.strictObject({ type: z.enum(['audio/pcmu', 'audio/pcma']), rate: z.literal(8000) }),
  z.strictObject({ type: z.literal('audio/pcm'), rate: z.union([z.literal(16_000), z.literal(24_000)]) }),
])

const session = z.strictObject({
  model: z.string(),
  instructions: z.string().nullish(),
  audio: z
    .strictObject({
      format: format.optional(),
      output: z
        .strictObject({ voice: z.union([z.string(), z.strictObject({ id: z.string() })]).optional() })
        .optional(),
    })
    .optional(),
  input: z
    .array(
      z.union([
        message('developer', ['input_text']),
        message('user', ['input_text']),
        message('assistant', ['text', 'output_text']),
      ]),
    )
    .max(128)
    .optional(),
  delegation: z.strictObject({ type: z.literal('client') }).nullish(),
  store: z.boolean().optional(),
  safety_identifier: z.string().nullish(),
})

export type SessionConfig = z.infer<typeof session>

/** By a rule of thumb, four characters are a token. */
const appended = z
  .string()
  .min(1)
  .refine((text) => text.length / 4 <= 500, 'must not have more than 500 tokens')

const append = <Type extends string>(type: Type) =>
  z.strictObject({
    type: z.literal(type),
    event_id: eventId,
    content: appended,
    delegation_id: z.string().nullable(),
  })

const bare = <Type extends string>(type: Type) => z.strictObject({ type: z.literal(type), event_id: eventId })

const event = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('session.start'), event_id: eventId, session }),
  z.strictObject({ type: z.literal('session.input_audio.append'), event_id: eventId, audio: z.base64() }),
  bare('session.input_audio.mute'),
  bare('session.input_audio.unmute'),
  append('session.instructions.append'),
  append('session.thinking.append'),
  append('session.commentary.append'),
  bare('session.close'),
])

export type ClientEvent = z.infer<typeof event>

/** @throws ClientError when this is nothing that a client may say. */
export function readClientEvent(message: Record<string, unknown>): ClientEvent {
  const parsed = event.safeParse(message)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const path = issue?.path.join('.') ?? ''
  if (issue?.code === 'unrecognized_keys') {
    const param = [path, issue.keys[0]].filter(Boolean).join('.')
    throw new ClientError('unknown_parameter', `Unknown parameter: '${param}'.`, param)
  }
  const isMissing = issue?.code === 'invalid_type' && issue.input === undefined
  const code = isMissing ? 'missing_required_parameter' : 'invalid_value'
  throw new ClientError(code, `Invalid value for '${path || 'type'}': ${issue?.message}.`, path || 'type')
}
