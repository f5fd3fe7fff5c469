import { z } from 'zod'
import { AGENT_VOICE_ID, type Script } from '../script.ts'
import { AGENT_AUDIO_FORMATS } from './audio-format.ts'

/*
 * An agent's configuration in the vendor's own shape: the fields that the simulation obeys are checked, all others are
 * kept as they were sent.
 */

const CLIENT_EVENTS = [
  'conversation_initiation_metadata',
  'asr_initiation_metadata',
  'ping',
  'audio',
  'interruption',
  'user_transcript',
  'tentative_user_transcript',
  'agent_response',
  'agent_response_correction',
  'client_tool_call',
  'mcp_tool_call',
  'mcp_connection_status',
  'agent_tool_request',
  'agent_tool_response',
  'agent_tool_response_full_payload',
  'agent_response_metadata',
  'vad_score',
  'agent_chat_response_part',
  'client_error',
  'guardrail_triggered',
  'dtmf_request',
  'agent_response_complete',
  'context_usage',
  'internal_turn_probability',
  'internal_tentative_agent_response',
] as const

export type ClientEvent = (typeof CLIENT_EVENTS)[number]

const conversationConfig = z.looseObject({
  asr: z.looseObject({ user_input_audio_format: z.enum(AGENT_AUDIO_FORMATS) }),
  turn: z.looseObject({ turn_timeout: z.number() }),
  tts: z.looseObject({ voice_id: z.string(), agent_output_audio_format: z.enum(AGENT_AUDIO_FORMATS) }),
  conversation: z.looseObject({
    max_duration_seconds: z.number().positive(),
    client_events: z.array(z.enum(CLIENT_EVENTS)),
  }),
  agent: z.looseObject({
    first_message: z.string(),
    language: z.string(),
    prompt: z.looseObject({ prompt: z.string() }),
  }),
})

const platformSettings = z.looseObject({
  auth: z.looseObject({ enable_auth: z.boolean() }),
  overrides: z.looseObject({
    conversation_config_override: z.record(z.string(), z.unknown()),
    custom_llm_extra_body: z.boolean().default(false),
  }),
  privacy: z.looseObject({ record_voice: z.boolean() }),
})

const agentSchema = z.looseObject({
  agent_id: z.string(),
  name: z.string(),
  conversation_config: conversationConfig,
  platform_settings: platformSettings,
  metadata: z.looseObject({ created_at_unix_secs: z.number(), updated_at_unix_secs: z.number() }),
  tags: z.array(z.string()),
})

export type AgentConfig = z.infer<typeof agentSchema>

/** An agent as a telephone needs it: mu-law both ways, and the overrides switched on that a call sends. */
export function phoneAgent(agentId: string, script: Script): AgentConfig {
  const now = Math.floor(Date.now() / 1000)
  return {
    agent_id: agentId,
    name: 'Simulated agent',
    conversation_config: phoneConversation(script),
    platform_settings: {
      auth: { enable_auth: true, allowlist: [] },
      overrides: {
        conversation_config_override: {
          agent: { first_message: true, language: true, prompt: { prompt: true, llm: false } },
          tts: { voice_id: true, stability: false, speed: false, similarity_boost: false },
          conversation: { text_only: false },
        },
        custom_llm_extra_body: false,
        enable_conversation_initiation_client_data_from_webhook: false,
      },
      privacy: {
        record_voice: true,
        retention_days: -1,
        delete_transcript_and_pii: false,
        delete_audio: false,
      },
    },
    metadata: { created_at_unix_secs: now, updated_at_unix_secs: now },
    tags: [],
  }
}

function phoneConversation(script: Script): AgentConfig['conversation_config'] {
  return {
    asr: {
      quality: 'high',
      provider: 'elevenlabs',
      user_input_audio_format: 'ulaw_8000',
      keywords: [],
    },
    turn: { turn_timeout: 7, silence_end_call_timeout: -1, turn_eagerness: 'normal' },
    tts: {
      model_id: 'eleven_flash_v2',
      voice_id: AGENT_VOICE_ID,
      agent_output_audio_format: 'ulaw_8000',
      stability: 0.5,
      speed: 1,
      similarity_boost: 0.8,
    },
    conversation: {
      text_only: false,
      max_duration_seconds: 600,
      client_events: [
        'conversation_initiation_metadata',
        'ping',
        'audio',
        'interruption',
        'user_transcript',
        'agent_response',
        'agent_response_correction',
        'client_tool_call',
        'agent_tool_response',
      ],
    },
    agent: {
      first_message: script.firstMessage,
      language: 'en',
      dynamic_variables: { dynamic_variable_placeholders: {} },
      prompt: { prompt: 'You answer the phone in a simulation.', llm: 'gemini-2.0-flash', tool_ids: [] },
    },
  }
}

const CHANGEABLE = ['name', 'tags', 'conversation_config', 'platform_settings', 'workflow']

/**
 * The agent with `patch` merged into it, as the vendor does it: objects field by field, lists replaced whole.
 * @throws ZodError when a field that the simulation obeys would get a wrong value.
 */
export function patchAgent(agent: AgentConfig, patch: Record<string, unknown>): AgentConfig {
  const accepted = Object.fromEntries(Object.entries(patch).filter(([key]) => CHANGEABLE.includes(key)))
  const metadata = { updated_at_unix_secs: Math.floor(Date.now() / 1000) }
  return agentSchema.parse(merge(agent, { ...accepted, metadata }))
}

function merge(base: unknown, patch: unknown): unknown {
  if (!isRecord(base) || !isRecord(patch)) return patch
  const merged: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(patch)) merged[key] = merge(base[key], value)
  return merged
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
