import type { Logger } from 'pino'
import type { VoiceAgent } from '../../../media/agent-port.ts'
import type { OpenAiAccount } from '../account.ts'
import { LiveConversation } from './conversation.ts'

export type LiveAgentOptions = {
  account: OpenAiAccount
  /** The model of the settings, for agents that name none. */
  model: string
  /** How long the vendor may say nothing at all, answers to pings included. */
  silenceTimeoutMs: number
  log: Logger
}

/** Agents that speak by OpenAI's Live API. */
export const openAiLiveAgent = (options: LiveAgentOptions): VoiceAgent => ({
  connect: (request, listener) =>
    new LiveConversation({
      ...options,
      request,
      listener,
      model: request.agent.model ?? options.model,
    }),
})
