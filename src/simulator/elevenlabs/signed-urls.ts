import type { ClockScope } from '../clock-scope.ts'
import { newConversationId, newSignature } from './vendor-id.ts'

/** How long a signed URL can be used to start a conversation. */
const VALID_MS = 15 * 60_000

type Ticket = { agentId: string; conversationId: string; until: number }

/** The signatures that were handed out and not used yet. Each opens one conversation. */
export class SignedUrls {
  readonly #clock: ClockScope
  readonly #issued = new Map<string, Ticket>()

  constructor(clock: ClockScope) {
    this.#clock = clock
  }

  /** The WebSocket address of one conversation with the agent, at the host that the request came to. */
  issue(agentId: string, host: string, withConversationId: boolean): string {
    this.#forgetExpired()
    const signature = newSignature()
    const conversationId = newConversationId()
    this.#issued.set(signature, { agentId, conversationId, until: this.#clock.now() + VALID_MS })
    const query = new URLSearchParams({ agent_id: agentId, conversation_signature: signature })
    if (withConversationId) query.set('conversation_id', conversationId)
    return `ws://${host}/v1/convai/conversation?${query}`
  }

  /** The id of the conversation that this signature opens; null when it is unknown, used, expired or another agent's. */
  redeem(signature: string, agentId: string): string | null {
    this.#forgetExpired()
    const ticket = this.#issued.get(signature)
    if (ticket?.agentId !== agentId) return null
    this.#issued.delete(signature)
    return ticket.conversationId
  }

  #forgetExpired(): void {
    for (const [signature, { until }] of this.#issued) {
      if (until <= this.#clock.now()) this.#issued.delete(signature)
    }
  }
}
