/**
 * What the relay counts. The fields are plain numbers because some of them change ten thousand times a second:
 * an exporter reads them when it is asked.
 */
export type RelayCounts = {
  callerToAgentFrames: number
  agentToCallerFrames: number
  /** Frames given up because their socket could not take them in time, or because the caller had interrupted. */
  callerToAgentDropped: number
  agentToCallerDropped: number
  /** Messages that no carrier sends, and WebSocket frames that break its rules. */
  invalidMessages: number
  /** Agents that were reached for again within one bridge. */
  agentReconnects: number
  /** Carrier sockets that are open now, joined or not. */
  liveSessions: number
}

export interface MediaMetrics {
  readonly counts: RelayCounts
  /** From a frame's arrival to its being handed to the other socket; a sample, and every frame that had to wait. */
  observeRelayDelay(seconds: number): void
  /** From the agent's word that the caller interrupts to the carrier's being told to fall silent. */
  observeBargeIn(seconds: number): void
}

export const newRelayCounts = (): RelayCounts => ({
  callerToAgentFrames: 0,
  agentToCallerFrames: 0,
  callerToAgentDropped: 0,
  agentToCallerDropped: 0,
  invalidMessages: 0,
  agentReconnects: 0,
  liveSessions: 0,
})
