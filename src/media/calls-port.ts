import type { CallEvent } from '../../machines/call-events.ts'
import type { CallView } from '../../machines/instructions.ts'
import type { AgentAudio, AgentRequest, Turn } from './agent-port.ts'

/** A bridge whose stream was let in. */
export type JoinedBridge = { legId: string; bridgeNumber: number; view: CallView }

/** What a media session asks of the calls. Every method rejects when the database cannot be reached in time. */
export interface MediaCalls {
  /**
   * Presents the token of a media stream. Resolves with its bridge, or with the reason for a refusal:
   * the token is wrong, was used before, or belongs to a bridge that is over.
   */
  join(claim: {
    callId: string
    providerCallId: string
    token: string | null
  }): Promise<JoinedBridge | { refused: string }>
  /**
   * Feeds an event to the call and resolves with the call as it is then; null when there is no such call. While the database
   * is away it is tried again and again.
   */
  send(callId: string, event: CallEvent): Promise<CallView | null>
  /** Calls back with every change of the call, whichever node made it, until the returned function is called. */
  watch(callId: string, onChange: (view: CallView) => void): () => void
  /** What the agent must know to take this call, with the conversation so far. */
  agentRequest(callId: string): Promise<AgentRequest>
  /** Keeps the formats of an agent's audio, for carriers that must know them before they connect the next caller to it. */
  learnAgentAudio(agentId: string, audio: AgentAudio): Promise<void>
  /** Writes down what was just said. */
  recordTurn(callId: string, turn: Pick<Turn, 'role' | 'text'>): Promise<void>
  /** The agent's last words were cut short. */
  correctTurn(callId: string, original: string, spoken: string): Promise<void>
}
