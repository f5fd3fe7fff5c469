/** The backends that an agent may be set up for. Which of them this build has is said where they are joined. */
export const AGENT_BACKENDS = ['elevenlabs', 'openai', 'openai-live'] as const
export type AgentBackend = (typeof AGENT_BACKENDS)[number]

/** How an agent tells that the caller has stopped speaking: by the silence, or by what they said. */
export type TurnDetection =
  | { type: 'server_vad'; threshold?: number; prefixPaddingMs?: number; silenceDurationMs?: number }
  | { type: 'semantic_vad'; eagerness?: 'low' | 'medium' | 'high' | 'auto' }

/** How one voice agent is set up; a row of the `agent` table, or the default one made from the settings. */
export type AgentSettings = {
  id: string
  name: string
  backend: AgentBackend
  /** The vendor's id of the agent; null means the one in the settings. */
  vendorAgentId: string | null
  /** The vendor's model that speaks; null means the one in the settings. */
  model: string | null
  /** The voice used when the caller has none of their own; null is the agent's own. */
  voiceId: string | null
  instructions: string | null
  firstMessage: string | null
  language: string | null
  /** Null is the backend's own. */
  turnDetection: TurnDetection | null
}

/** Answers every number that no agent of the operator's answers: the vendor's agent of the settings, as it is set up there. */
export const DEFAULT_AGENT: AgentSettings = {
  id: 'default',
  name: 'Default agent',
  backend: 'elevenlabs',
  vendorAgentId: null,
  model: null,
  voiceId: null,
  instructions: null,
  firstMessage: null,
  language: null,
  turnDetection: null,
}
