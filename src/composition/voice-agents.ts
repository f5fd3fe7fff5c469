import type { Logger } from 'pino'
import type { AgentOverride } from '../../machines/call-events.ts'
import { type AgentBackend, type AgentSettings, DEFAULT_AGENT } from '../calls/agent-settings.ts'
import type { Config } from '../config/config.ts'
import type { AgentConnection, AgentListener, VoiceAgent } from '../media/agent-port.ts'
import type { AgentStore } from '../persistence/agent-store.ts'
import { elevenLabsAgent } from '../voice-agents/elevenlabs/agent.ts'
import { type PostCallKeeper, receivePostCall } from '../voice-agents/elevenlabs/post-call-stream.ts'
import { ElevenLabsRest } from '../voice-agents/elevenlabs/rest.ts'
import { openAiLiveAgent } from '../voice-agents/openai/live/agent.ts'
import { openAiRealtimeAgent } from '../voice-agents/openai/realtime/agent.ts'
import type { VoiceVendor } from '../voices/ports.ts'

export type VoiceAgents = {
  /** What the vendor refuses to change about its agent, or no longer has, in a few words; null while it takes everything. */
  readonly refusal: string | null
  /** Connects to whichever backend the agent's settings name. */
  agent: VoiceAgent
  voiceVendor: VoiceVendor
  /** `ok`, or what is wrong with the voice vendor's account in a few words. */
  checkVendor(signal: AbortSignal): Promise<string>
  /** Takes the vendor's reports and has them kept; null without a secret to know them by. */
  receivePostCall: ((keeper: PostCallKeeper) => ReturnType<typeof receivePostCall>) | null
  /** The settings of an agent; those of the default one for null, or when it was removed during the call. */
  settingsOf(id: string | null, agents: AgentStore): Promise<AgentSettings>
}

export function createVoiceAgents({ elevenLabs, openAi, calls }: Config, log: Logger): VoiceAgents {
  const { apiKey, baseUrl, agentId, webhookSecret } = elevenLabs
  const rest = new ElevenLabsRest({ apiKey: apiKey ?? '', baseUrl })
  const signedUrl = (id: string, signal: AbortSignal) => rest.signedUrl(id, signal)
  /** With what is said of each. */
  const refused = new Map<AgentOverride, string>()
  const overrides = {
    onRefused: (override: AgentOverride, isGone: boolean) =>
      void refused.set(override, isGone ? 'a voice is gone' : `agent refuses ${override}`),
    onAccepted: (taken: AgentOverride[]) => taken.forEach((override) => void refused.delete(override)),
  }
  const { silenceTimeoutMs } = calls
  const agent = agentOf({
    elevenlabs: elevenLabsAgent({ agentId, signedUrl, silenceTimeoutMs, log, ...overrides }),
    openai: openAiRealtimeAgent({
      account: openAi,
      model: openAi.realtimeModel,
      transcribeModel: openAi.transcribeModel,
      silenceTimeoutMs,
      log,
    }),
    'openai-live': openAiLiveAgent({ account: openAi, model: openAi.liveModel, silenceTimeoutMs, log }),
  })
  return {
    get refusal() {
      return refused.size > 0 ? [...refused.values()].join(', ') : null
    },
    agent,
    voiceVendor: rest,
    checkVendor: (signal) => rest.check(signal),
    receivePostCall: webhookSecret ? (keeper) => receivePostCall(webhookSecret, keeper) : null,
    settingsOf: async (id, agents) => (id === null ? null : await agents.get(id)) ?? DEFAULT_AGENT,
  }
}

/**
 * Connects each agent by the backend that its settings name; a new backend is a line in what this is given. Calls to an agent whose
 * backend is not there hear the apology, and their `agent.lost` says which backends there are.
 */
export function agentOf(backends: Partial<Record<AgentBackend, VoiceAgent>>): VoiceAgent {
  return {
    connect(request, listener) {
      const { backend } = request.agent
      const known = Object.hasOwn(backends, backend) ? backends[backend] : undefined
      if (known) return known.connect(request, listener)
      const detail = `This build has no agent backend "${backend}"; it has: ${Object.keys(backends).join(', ')}.`
      return refusedConnection(listener, detail)
    },
  }
}

function refusedConnection(listener: AgentListener, detail: string): AgentConnection {
  let isOpen = true
  queueMicrotask(() => isOpen && listener.lost('backend_unavailable', detail, true))
  return {
    capabilities: { interrupt: false, truncate: false, textInput: false },
    bufferedBytes: 0,
    sendAudio() {},
    truncate() {},
    sendDtmf() {},
    setOnHold() {},
    close() {
      isOpen = false
    },
  }
}
