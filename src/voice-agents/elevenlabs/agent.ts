import type { Logger } from 'pino'
import type { AgentOverride } from '../../../machines/call-events.ts'
import type { AgentConnection, AgentListener, AgentRequest, VoiceAgent } from '../../media/agent-port.ts'
import { VendorError } from '../../voices/ports.ts'
import { AgentSocket } from './agent-socket.ts'

export type ElevenLabsAgentOptions = {
  /** The agent of the settings, for callers whose number has none of its own. */
  agentId: string | null
  /** Resolves with the address of one new conversation. */
  signedUrl: (agentId: string, signal: AbortSignal) => Promise<string>
  /** How long the vendor may say nothing at all, pings included. */
  silenceTimeoutMs: number
  onRefused?: (override: AgentOverride, isGone: boolean) => void
  onAccepted?: (overrides: AgentOverride[]) => void
  log: Logger
}

const NO_AGENT = 'Neither the agent nor ELEVENLABS_AGENT_ID names an agent at ElevenLabs.'

/** ElevenLabs' voice agents. */
export function elevenLabsAgent(options: ElevenLabsAgentOptions): VoiceAgent {
  return {
    connect(request: AgentRequest, listener: AgentListener): AgentConnection {
      const agentId = request.agent.vendorAgentId ?? options.agentId
      const address = agentId
        ? (signal: AbortSignal) => options.signedUrl(agentId, signal)
        : () => Promise.reject(new VendorError('rejected', NO_AGENT))
      return new AgentSocket({ ...options, request, listener, address })
    },
  }
}
