import type { AgentSettings } from './ports.ts'

/** Answers every number that no agent of the operator's answers: the vendor's agent of the settings, as it is set up there. */
export const DEFAULT_AGENT: AgentSettings = {
  id: 'default',
  name: 'Default agent',
  backend: 'elevenlabs',
  vendorAgentId: null,
  voiceId: null,
  instructions: null,
  firstMessage: null,
  language: null,
}
