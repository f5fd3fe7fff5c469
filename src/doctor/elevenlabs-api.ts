import { z } from 'zod'

/*
 * The few requests that the doctor makes of ElevenLabs, in the vendor's own field names. Not through the SDK's typed
 * methods: they refuse a whole agent over one field of a new kind, and what is patched must not pass through a model
 * that drops what it does not know.
 */

const TIMEOUT_MS = 8_000

/** ElevenLabs answered, and not with what was asked for. */
export class ElevenLabsRefusal extends Error {
  readonly status: number
  /** The vendor's word for it, as in `voice_not_found`; null when it gave none. */
  readonly code: string | null

  constructor(status: number, code: string | null, message: string) {
    super(message)
    this.name = 'ElevenLabsRefusal'
    this.status = status
    this.code = code
  }
}

const subscriptionSchema = z.object({
  tier: z.string(),
  status: z.string(),
  voice_limit: z.number(),
  voice_slots_used: z.number(),
  /** Null means without limit. */
  max_voice_add_edits: z.number().nullish(),
  voice_add_edit_counter: z.number().default(0),
  can_use_instant_voice_cloning: z.boolean(),
})

export type Subscription = z.infer<typeof subscriptionSchema>

/** Only what is looked at; an agent has far more, and any of this may be missing. */
const agentSchema = z.object({
  name: z.string().nullish(),
  conversation_config: z.object({
    asr: z.object({ user_input_audio_format: z.string().nullish() }).nullish(),
    tts: z.object({ agent_output_audio_format: z.string().nullish() }).nullish(),
    conversation: z.object({ client_events: z.array(z.string()).nullish() }).nullish(),
    agent: z
      .object({
        first_message: z.string().nullish(),
        prompt: z.object({ prompt: z.string().nullish() }).nullish(),
        dynamic_variables: z
          .object({ dynamic_variable_placeholders: z.record(z.string(), z.unknown()).nullish() })
          .nullish(),
      })
      .nullish(),
  }),
  platform_settings: z
    .object({ overrides: z.object({ conversation_config_override: z.unknown() }).nullish() })
    .nullish(),
})

export type VendorAgent = z.infer<typeof agentSchema>

/** Part of an agent; the vendor merges it field by field and replaces lists whole. */
export type AgentPatch = { conversation_config?: object; platform_settings?: object }

export interface ElevenLabsApi {
  subscription(): Promise<Subscription>
  /** @throws ElevenLabsRefusal with 400 or 404 when the account has no such voice. */
  voiceName(voiceId: string): Promise<string>
  agent(agentId: string): Promise<VendorAgent>
  patchAgent(agentId: string, patch: AgentPatch): Promise<void>
}

/** All methods throw ElevenLabsRefusal for an answer that is not 2xx, and what `fetch` throws when there is none. */
export function elevenLabsApi(baseUrl: string, apiKey: string): ElevenLabsApi {
  const request = async (path: string, patch?: AgentPatch): Promise<unknown> => {
    const response = await fetch(baseUrl + path, {
      method: patch === undefined ? 'GET' : 'PATCH',
      headers: { 'xi-api-key': apiKey, ...(patch && { 'content-type': 'application/json' }) },
      body: patch === undefined ? null : JSON.stringify(patch),
      // The key must not go wherever a redirection leads.
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    const body: unknown = await response.json().catch(() => null)
    if (!response.ok) throw refusal(response.status, body)
    return body
  }
  const agentPath = (agentId: string) => `/v1/convai/agents/${encodeURIComponent(agentId)}`
  return {
    subscription: async () => read(subscriptionSchema, await request('/v1/user/subscription')),
    voiceName: async (voiceId) => {
      const voice = await request(`/v1/voices/${encodeURIComponent(voiceId)}`)
      return read(z.object({ name: z.string().nullish() }), voice).name ?? 'nameless'
    },
    agent: async (agentId) => read(agentSchema, await request(agentPath(agentId))),
    patchAgent: async (agentId, patch) => void (await request(agentPath(agentId), patch)),
  }
}

function read<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const field = parsed.error.issues[0]?.path.join('.') || 'the whole answer'
  throw new Error(`ElevenLabs answered in an unknown form (${field}); is ELEVENLABS_BASE_URL its API?`)
}

const detailSchema = z.object({
  code: z.string().nullish(),
  status: z.string().nullish(),
  message: z.string().nullish(),
})

/** Errors come as `{detail: {code or status, message}}`, for a malformed request as a list, sometimes as a text. */
function refusal(status: number, body: unknown): ElevenLabsRefusal {
  const { detail } = z.object({ detail: z.unknown() }).safeParse(body).data ?? {}
  const { code, status: legacyCode, message } = detailSchema.safeParse(detail).data ?? {}
  const words = message ?? (detail === undefined ? 'no reason given' : JSON.stringify(detail).slice(0, 200))
  return new ElevenLabsRefusal(status, code ?? legacyCode ?? null, words)
}
