import type { CallEffect, VoiceLookup, VoiceWithheld } from '../../machines/call-events.ts'
import type { EndReason, Fault } from '../../machines/end-reasons.ts'
import type { CallState } from '../../machines/instructions.ts'
import type { AgentSettings } from './agent-settings.ts'
import type { CallerVerification, VoiceTrust } from './caller-trust.ts'
import type { Provider } from './ports.ts'

/** A call as a carrier announces it. */
export type NewCall = {
  id: string
  provider: Provider
  providerCallId: string
  direction: 'inbound' | 'outbound'
  from: string
  /** Left out, the agent may speak in the voice of `from`. */
  voice?: VoiceClaim
  to: string
  /** Who answers; left out or null, the agent of the number. */
  answeredBy?: string | null
  publicOrigin: string
  mediaSecret: string
}

/**
 * Whose own voice the agent may speak in, null for nobody's, and how far they are believed: `withheld` tells why they are not given a
 * voice that asks for so much, null being one that asks for nothing of its own.
 */
type VoiceClaim = {
  of: string | null
  verification: CallerVerification
  withheld: (trust: VoiceTrust | null) => VoiceWithheld | null
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

/** What is known about a caller and the dialled number when the call comes in. Calls that were turned away take no place. */
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
  view: CallState
  timers: {
    set: { timerId: string; delayMs: number }[]
    cancel: string[]
    /** What timers that an older chart has set are called from now on. */
    rename: Readonly<Record<string, string>>
  }
  effects: CallEffect[]
  jobs: Job[]
  end: { reason: EndReason; fault: Fault } | null
}

/** How a delivery names itself; the same `eventId` twice is one delivery, and a timer that is due is consumed by its firing. */
export type Delivery = { eventId?: string; timerId?: string }

/** `taken` when the call has made a step with it, `ignored` when it changed nothing. */
export type EventFate = 'waiting' | 'taken' | 'ignored'

export type TimerAddress = { callId: string; timerId: string }

/** Which call is meant: by our id or by the carrier's. */
export type CallAddress = { callId: string } | { provider: Provider; providerCallId: string }

/**
 * The one place where calls are kept. Each write is atomic: state, event, timers and jobs together or not at all. Its clock
 * alone says when something happened and when a timer is due, for those of the nodes may differ.
 */
export interface CallStore {
  /**
   * Writes the call's first step, or finds that this provider's call is there already. `begin` is asked again, with the
   * whole `capacity` taken, when another call took the last place meanwhile.
   */
  open(
    call: NewCall,
    begin: (arrival: Arrival) => Step,
    at: { nodeId: string; capacity: number },
  ): Promise<{ row: CallRow; created: boolean; step: Step | null }>
  /** `decide` sees the call as it is now; null from it means that the event changes nothing. It may be called again when another event came first. */
  step(
    address: CallAddress,
    delivery: Delivery,
    decide: (row: CallRow) => Step | null,
    nodeId: string,
  ): Promise<{ row: CallRow; step: Step | null; repeated: boolean } | null>
  find(address: CallAddress): Promise<CallRow | null>
  /** Has a job done, as a step's are, without a step. */
  enqueue(job: Job): Promise<void>
  /** What became of an event that a job of this key delivers. */
  fateOf(event: { callId: string; eventId: string; key: string }): Promise<EventFate>
  /** Live calls that wait for, or speak with, a clone of these samples. */
  liveCallsWith(sampleKey: string): Promise<string[]>
  /** Live calls that this node was the last to answer. */
  countLive(nodeId: string): Promise<number>
  /** The longest overdue first. */
  dueTimers(limit: number): Promise<TimerAddress[]>
  /** Sets back a due timer that could not be fired, longer each time; resolves with how often that was. */
  postponeTimer(timer: TimerAddress): Promise<number>
}
