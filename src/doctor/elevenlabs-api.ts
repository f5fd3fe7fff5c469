import { z } from 'zod'
import { type ElevenLabsAccount, ElevenLabsClient } from '../voice-agents/elevenlabs/rest-client.ts'

/*
 * The few requests that the doctor makes of ElevenLabs, in the vendor's own field names: what is patched must not pass
 * through a model that drops what it does not know.
 */

const TIMEOUT_MS = 8_000

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

const voiceSchema = z.object({ name: z.string().nullish() })

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

/** All methods reject as those of ElevenLabsClient do. */
export function elevenLabsApi(account: ElevenLabsAccount): ElevenLabsApi {
  const client = new ElevenLabsClient(account)
  const get = (path: string) => ({ method: 'GET', path, limitMs: TIMEOUT_MS }) as const
  const agentPath = (agentId: string) => `/v1/convai/agents/${encodeURIComponent(agentId)}`
  return {
    subscription: () => client.json(subscriptionSchema, get('/v1/user/subscription')),
    voiceName: async (voiceId) => {
      const path = `/v1/voices/${encodeURIComponent(voiceId)}`
      return (await client.json(voiceSchema, get(path))).name ?? 'nameless'
    },
    agent: (agentId) => client.json(agentSchema, get(agentPath(agentId))),
    patchAgent: (agentId, patch) =>
      client.send({
        method: 'PATCH',
        path: agentPath(agentId),
        limitMs: TIMEOUT_MS,
        body: JSON.stringify(patch),
      }),
  }
}
