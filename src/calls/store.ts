import type { callSystem } from '../../machines/call/call-system.ts'
import type {
  CallEffect,
  CallEvent,
  LegRole,
  TransferOutcome,
  VoiceLookup,
  VoiceWithheld,
} from '../../machines/call-events.ts'
import type { EndReason, Fault } from '../../machines/end-reasons.ts'
import type { CallState } from '../../machines/instructions.ts'
import type { ActorRow, ActorStep, ActorStore } from '../actors/actor-store.ts'
import type { AgentSettings } from './agent-settings.ts'
import type { CallerVerification, VoiceTrust } from './caller-trust.ts'
import type { Provider } from './ports.ts'

/** A call as a carrier announces it. */
export type NewCall = {
  id: string
  /** Of the caller's leg. */
  legId: string
  provider: Provider
  /** Null while the carrier does not know the leg. */
  providerCallId: string | null
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

/** One party's line, as its carrier knows it. */
export type Leg = { id: string; role: LegRole; provider: Provider; providerCallId: string | null }

/** A call as it is kept. */
export type CallRow = ActorRow &
  Omit<NewCall, 'legId' | 'providerCallId'> & {
    /** The caller's first. */
    legs: Leg[]
    agentId: string | null
    sampleKey: string | null
    outcome: EndReason | null
  }

/** What is known about a caller and the dialled number when the call comes in. Calls that were turned away take no place. */
export type Arrival = { voice: VoiceLookup; agent: AgentSettings | null; liveCalls: number }

/** What SQL knows of a call's state. Queries, triggers and statistics read these, and never a state's name. */
export type CallColumns = {
  /** Where the call is, in a word, for people who filter and look. */
  state: string
  bridge: string | null
  voiceState: string
  voiceId: string | null
  bridgeNumber: number
  /** It takes a place of those that there are. */
  takesCapacity: boolean
  /** A relay is to hold its media session. */
  isBridged: boolean
  /** A relay may still play what its agent said last. */
  awaitsLastWord: boolean
  /** It goes on, or began, with a clone that is ready. */
  hasCachedVoice: boolean
  /** The legs that are gone, and why; those that are left when the call ends, end with it. */
  legsGone: Readonly<Record<string, EndReason>>
  /** At the voice agent's vendor, once there is one. */
  conversationId: string | null
  /** Whom the latest transfer is to, and what became of it; null while there is none. */
  transferTo: string | null
  transferOutcome: TransferOutcome | null
  outcome: EndReason | null
  fault: Fault | null
}

export type CallTypes = {
  system: typeof callSystem
  row: CallRow
  key: { provider: Provider; providerCallId: string }
  event: CallEvent
  effect: CallEffect
  view: CallState
  columns: CallColumns
  end: { reason: EndReason; fault: Fault }
}

export type Step = ActorStep<CallTypes>

/** Which call is meant: by our id, or by the carrier's id of one of its legs. */
export type CallAddress = { callId: string } | CallTypes['key']

/** Where calls are kept. */
export interface CallStore extends ActorStore<CallTypes> {
  /**
   * Writes the call's first step, or finds that this provider's call is there already. `begin` is asked again, with the
   * whole `capacity` taken, when another call took the last place meanwhile.
   */
  open(
    call: NewCall,
    begin: (arrival: Arrival) => Step,
    at: { nodeId: string; capacity: number },
  ): Promise<{ row: CallRow; created: boolean; step: Step | null }>
  /**
   * The carrier knows a leg that was there before, under this id. Resolves with false when there is no such leg, when the carrier
   * has another id for it, or when that id is another leg's.
   */
  nameLeg(legId: string, providerCallId: string): Promise<boolean>
  /** Live calls that wait for, or speak with, a clone of these samples. */
  liveCallsWith(sampleKey: string): Promise<string[]>
  /** Live calls that this node was the last to answer. */
  countLive(nodeId: string): Promise<number>
}
