import type { CallEffect, VoiceLookup } from '../../machines/call-events.ts'
import type { EndReason, Fault } from '../../machines/end-reasons.ts'
import type { CallView } from '../../machines/instructions.ts'
import type { AgentSettings, Provider } from './ports.ts'

/** A call as a carrier announces it. */
export type NewCall = {
  id: string
  provider: Provider
  providerCallId: string
  direction: 'inbound' | 'outbound'
  from: string
  to: string
  publicOrigin: string
  mediaSecret: string
}

/** A call as it is kept. `snapshot` is XState's persisted snapshot, as JSON. */
export type CallRow = NewCall & {
  agentId: string | null
  snapshot: object
  chartVersion: string
  lastSeq: number
  sampleKey: string | null
  startedAt: Date
  endedAt: Date | null
  outcome: EndReason | null
}

/** What is known about a caller and the dialled number when the call comes in. Calls that were turned away take no line. */
export type Arrival = { voice: VoiceLookup; agent: AgentSettings | null; liveCalls: number }

/** A task for whichever node takes it; at least once, and once only for each `key` while it waits. */
export type Job = { task: string; payload: object; key: string; queue: string | null; attempts: number }

/** What one event does to a call: everything that is committed before anyone is answered. */
export type Step = {
  event: { type: string }
  stateBefore: string
  stateAfter: string
  snapshot: object
  chartVersion: string
  view: CallView
  timers: { set: { timerId: string; dueAt: Date }[]; cancel: string[] }
  effects: CallEffect[]
  jobs: Job[]
  end: { reason: EndReason; fault: Fault } | null
  at: Date
}

/** How a delivery names itself; the same `eventId` twice is one delivery, and a timer that is due is consumed by its firing. */
export type Delivery = { eventId?: string; timer?: { id: string; firedAt: Date } }

export type DueTimer = { callId: string; timerId: string; dueAt: Date }

/** Which call is meant: by our id or by the carrier's. */
export type CallAddress = { callId: string } | { provider: Provider; providerCallId: string }

/** The one place where calls are kept. Each write is atomic: state, event, timers and jobs together or not at all. */
export interface CallStore {
  /**
   * Writes the call's first step, or finds that this provider's call is there already. `begin` is asked again, with all
   * `lines` taken, when another call took the last one meanwhile.
   */
  open(
    call: NewCall,
    begin: (arrival: Arrival) => Step,
    at: { nodeId: string; lines: number },
  ): Promise<{ row: CallRow; created: boolean; step: Step | null }>
  /** `decide` sees the call as it is now; null from it means that the event changes nothing. It may be called again when another event came first. */
  step(
    address: CallAddress,
    delivery: Delivery,
    decide: (row: CallRow) => Step | null,
    nodeId: string,
  ): Promise<{ row: CallRow; step: Step | null; repeated: boolean } | null>
  find(address: CallAddress): Promise<CallRow | null>
  /** Live calls that wait for, or speak with, a clone of these samples. */
  liveCallsWith(sampleKey: string): Promise<string[]>
  /** The bridges whose media sessions these nodes held. */
  bridgesHeldBy(nodeIds: string[]): Promise<{ callId: string; attempt: number }[]>
  /** Live calls that this node was the last to answer. */
  countLive(nodeId: string): Promise<number>
  dueTimers(until: Date, limit: number): Promise<DueTimer[]>
}
