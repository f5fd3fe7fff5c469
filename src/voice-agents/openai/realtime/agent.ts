import type { Logger } from 'pino'
import type { VoiceAgent } from '../../../media/agent-port.ts'
import type { OpenAiAccount } from '../account.ts'
import { RealtimeConversation } from './conversation.ts'

export type RealtimeAgentOptions = {
  account: OpenAiAccount
  /** The model of the settings, for agents that name none. */
  model: string
  /** Writes down what callers say. */
  transcribeModel: string
  /** How long the vendor may say nothing at all, answers to pings included. */
  silenceTimeoutMs: number
  log: Logger
}

/** Agents that speak by OpenAI's Realtime API. */
export const openAiRealtimeAgent = (options: RealtimeAgentOptions): VoiceAgent => ({
  connect: (request, listener) =>
    new RealtimeConversation({
      ...options,
      request,
      listener,
      model: request.agent.model ?? options.model,
    }),
})
