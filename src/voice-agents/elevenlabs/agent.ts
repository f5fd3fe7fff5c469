import type { Logger } from 'pino'
import type { AgentConnection, AgentListener, AgentRequest, VoiceAgent } from '../../calls/ports.ts'
import { AgentSocket } from './agent-socket.ts'

export type ElevenLabsAgentOptions = {
  /** The agent of the settings, for callers whose number has none of its own. */
  agentId: string | null
  /** Resolves with the address of one new conversation. */
  signedUrl: (agentId: string, signal: AbortSignal) => Promise<string>
  /** How long the vendor may say nothing at all, pings included. */
  silenceTimeoutMs: number
  log: Logger
}

/** ElevenLabs' voice agents. */
export function elevenLabsAgent(options: ElevenLabsAgentOptions): VoiceAgent {
  return {
    connect(request: AgentRequest, listener: AgentListener): AgentConnection {
      const agentId = request.agent.vendorAgentId ?? options.agentId
      const address = agentId
        ? (signal: AbortSignal) => options.signedUrl(agentId, signal)
        : () =>
            Promise.reject(
              new Error('Neither the agent nor ELEVENLABS_AGENT_ID names an agent at ElevenLabs.'),
            )
      return new AgentSocket({ ...options, request, listener, address })
    },
  }
}
