import { BACKEND_TRAITS, type BackendFields, backendFaults } from '../calls/agent-backends.ts'
import type { AgentBackend } from '../calls/agent-settings.ts'
import type { Config } from './config.ts'
import { shutdownNear } from './model-shutdowns.ts'

/** Why calls to an agent will not go as one may expect, and what to do about it. */
export type AgentWarning = { kind: 'settings' | 'key' | 'model' | 'clones'; finding: string; mend: string }

const KEYS: Record<AgentBackend, { name: string; of: (config: Config) => string | null }> = {
  elevenlabs: { name: 'ELEVENLABS_API_KEY', of: ({ elevenLabs }) => elevenLabs.apiKey },
  openai: { name: 'OPENAI_API_KEY', of: ({ openAi }) => openAi.apiKey },
  'openai-live': { name: 'OPENAI_API_KEY', of: ({ openAi }) => openAi.apiKey },
}

/** What is to be said of an agent that is set up so, where the service has these settings. */
export function agentWarnings(config: Config, agent: BackendFields, now = new Date()): AgentWarning[] {
  const { label, speaksClones } = BACKEND_TRAITS[agent.backend]
  const warnings: AgentWarning[] = backendFaults(agent).map(({ field, detail }) => ({
    kind: 'settings',
    finding: `${field} ${detail}`,
    mend: 'change it, or choose another backend',
  }))
  const key = KEYS[agent.backend]
  if (key.of(config) === null)
    warnings.push({
      finding: `${key.name} is not set: calls to this agent only hear an apology`,
      mend: 'set it, and restart the service',
      kind: 'key',
    })
  const day = agent.model && shutdownNear(agent.model, now)
  if (day)
    warnings.push({
      finding: `the model ${agent.model} ends on ${day}, and calls to this agent with it`,
      mend: 'set another model',
      kind: 'model',
    })
  if (!speaksClones)
    warnings.push({
      finding: `${label} cannot speak cloned voices: callers with a voice on file hear this agent's own, without a wait`,
      mend: 'use ElevenLabs where callers are to hear theirs',
      kind: 'clones',
    })
  return warnings
}
