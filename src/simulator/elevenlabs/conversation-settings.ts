import { type AgentConfig, type ClientEvent, isRecord } from './agent-config.ts'
import type { AgentAudioFormat } from './audio-format.ts'
import type { ConversationInit } from './client-messages.ts'
import { ConversationFailure } from './conversation-failure.ts'
import type { VoiceLibrary } from './voice-library.ts'

/** How one conversation is held: the agent's configuration with what the client's first message changes of it. */
export type ConversationSettings = {
  firstMessage: string
  voiceId: string
  inputFormat: AgentAudioFormat
  outputFormat: AgentAudioFormat
  turnTimeoutMs: number
  maxDurationMs: number
  clientEvents: ReadonlySet<ClientEvent>
  recorded: boolean
}

/** @throws ConversationFailure when the client asks for something that the agent does not allow or know. */
export function settle(
  agent: AgentConfig,
  init: ConversationInit,
  voices: VoiceLibrary,
  conversationId: string,
): ConversationSettings {
  checkOverrides(agent, init)
  const override = init.conversation_config_override
  const config = agent.conversation_config
  const prompt = override?.agent?.prompt?.prompt ?? config.agent.prompt.prompt
  const firstMessage = override?.agent?.first_message ?? config.agent.first_message
  const variables = { ...init.dynamic_variables, ...systemVariables(agent.agent_id, conversationId) }
  checkVariables(`${prompt} ${firstMessage}`, variables)
  return {
    firstMessage: fillIn(firstMessage, variables),
    voiceId: existingVoice(override?.tts?.voice_id ?? config.tts.voice_id, voices),
    inputFormat: config.asr.user_input_audio_format,
    outputFormat: config.tts.agent_output_audio_format,
    turnTimeoutMs: config.turn.turn_timeout * 1000,
    maxDurationMs: config.conversation.max_duration_seconds * 1000,
    clientEvents: new Set(config.conversation.client_events),
    recorded: agent.platform_settings.privacy.record_voice,
  }
}

/** Every overridden field needs a switch at the same place in the agent's platform settings; all are off by default. */
function checkOverrides(agent: AgentConfig, init: ConversationInit): void {
  const { conversation_config_override: switches, custom_llm_extra_body } = agent.platform_settings.overrides
  const refused = refusedFields(init.conversation_config_override ?? {}, switches)
  const extraBody = Object.keys(init.custom_llm_extra_body ?? {}).length > 0
  if (extraBody && !custom_llm_extra_body) refused.push('custom_llm_extra_body')
  if (refused.length === 0) return
  throw new ConversationFailure(
    'override_error',
    `Override for field '${refused[0]}' is not allowed by config.`,
  )
}

function refusedFields(override: Record<string, unknown>, switches: unknown, path = ''): string[] {
  return Object.entries(override).flatMap(([key, value]) => {
    if (value === null || value === undefined) return []
    const allowed = isRecord(switches) ? switches[key] : undefined
    if (isRecord(value)) return refusedFields(value, allowed, `${path}${key}.`)
    return allowed === true ? [] : [`${path}${key}`]
  })
}

type Variables = Record<string, string | number | boolean | null>

const PLACEHOLDER = /\{\{\s*([\w.]+)\s*\}\}/g

function systemVariables(agentId: string, conversationId: string): Variables {
  return { system__agent_id: agentId, system__conversation_id: conversationId }
}

function checkVariables(text: string, variables: Variables): void {
  const names = [...text.matchAll(PLACEHOLDER)].map(([, name]) => name ?? '')
  const missing = [...new Set(names)].filter((name) => !(name in variables))
  if (missing.length === 0) return
  throw new ConversationFailure(
    'missing_dynamic_variable',
    `Missing required dynamic variables: ${missing.join(', ')}`,
  )
}

function fillIn(text: string, variables: Variables): string {
  return text.replace(PLACEHOLDER, (_, name: string) => String(variables[name] ?? ''))
}

function existingVoice(voiceId: string, voices: VoiceLibrary): string {
  if (voices.voices.has(voiceId)) return voiceId
  throw new ConversationFailure('value_error', `A voice with the voice_id ${voiceId} was not found.`)
}
