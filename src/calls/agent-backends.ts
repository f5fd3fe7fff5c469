import type { AgentBackend, AgentSettings, TurnDetection } from './agent-settings.ts'

/** What an agent of a backend can be set up with. */
export type BackendTraits = {
  /** What people call the vendor. */
  label: string
  /** Its agents are set up at the vendor and named by `vendorAgentId`; of the others, all is set up here, the model too. */
  hasVendorAgents: boolean
  /** The names of its voices; null where voices are ids of the vendor's account. */
  voices: readonly string[] | null
  /** It can speak in the voice that was cloned for a caller. */
  speaksClones: boolean
  turnDetection: readonly TurnDetection['type'][]
}

export const BACKEND_TRAITS: Record<AgentBackend, BackendTraits> = {
  elevenlabs: {
    label: 'ElevenLabs',
    hasVendorAgents: true,
    voices: null,
    speaksClones: true,
    turnDetection: [],
  },
  openai: {
    label: 'OpenAI Realtime',
    hasVendorAgents: false,
    speaksClones: false,
    turnDetection: ['server_vad', 'semantic_vad'],
    voices: ['alloy', 'ash', 'ballad', 'cedar', 'coral', 'echo', 'marin', 'sage', 'shimmer', 'verse'],
  },
  'openai-live': {
    label: 'OpenAI Live',
    hasVendorAgents: false,
    speaksClones: false,
    turnDetection: [],
    voices: [
      'alloy',
      'ash',
      'ballad',
      'beacon',
      'bossa',
      'cedar',
      'cinder',
      'coral',
      'delta',
      'echo',
      'gleam',
      'marin',
      'meridian',
      'quartz',
      'ripple',
      'sage',
      'shida',
      'shimmer',
      'stone',
      'tempo',
      'verse',
      'vesper',
      'willow',
    ],
  },
}

/** A voice of the account's own, where voices have names. */
const CUSTOM_VOICE = /^voice_\w+$/

/** What depends on the backend. */
export type BackendFields = Pick<
  AgentSettings,
  'backend' | 'vendorAgentId' | 'model' | 'voiceId' | 'turnDetection'
>

/** Something that this backend cannot do with its agent's settings: of which field, and how to mend it. */
export type BackendFault = { field: Exclude<keyof BackendFields, 'backend'>; detail: string }

export function backendFaults(agent: BackendFields): BackendFault[] {
  const { label, hasVendorAgents, voices, turnDetection } = BACKEND_TRAITS[agent.backend]
  const faults: BackendFault[] = []
  if (agent.vendorAgentId !== null && !hasVendorAgents)
    faults.push({
      field: 'vendorAgentId',
      detail: `must be null: ${label} has no agents of its own, and takes a model instead`,
    })
  if (agent.model !== null && hasVendorAgents)
    faults.push({ field: 'model', detail: `must be null: the model of an agent is set at ${label}` })
  if (agent.voiceId !== null && voices && !isVoiceOf(voices, agent.voiceId))
    faults.push({
      field: 'voiceId',
      detail: `must be null, one of ${label}'s voices (${voices.join(', ')}), or the id of a voice of your account there, like voice_123; it cannot speak ElevenLabs' voices`,
    })
  if (agent.turnDetection !== null && !turnDetection.includes(agent.turnDetection.type))
    faults.push({
      field: 'turnDetection',
      detail: hasVendorAgents
        ? `must be null: the turn detection of an agent is set at ${label}`
        : `must be null: ${label} tells by itself when the caller has stopped speaking`,
    })
  return faults
}

const isVoiceOf = (voices: readonly string[], voiceId: string): boolean =>
  voices.includes(voiceId) || CUSTOM_VOICE.test(voiceId)
