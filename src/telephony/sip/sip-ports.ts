import type { CallView } from '../../../machines/instructions.ts'
import type { CarrierCalls } from '../../calls/ports.ts'

/** How many samples a second an agent hears and speaks. */
export type AgentRates = { hears: number; speaks: number }

/** What legs ask of the calls. */
export interface LegCalls extends CarrierCalls {
  /** Those of the agent who takes this call; null while nobody has met it. */
  agentRates(callId: string): Promise<AgentRates | null>
  /** Calls back with every change of the call, whichever node made it, until the returned function is called. */
  watch(callId: string, onChange: (view: CallView) => void): () => void
}

/** What FreeSWITCH is told to play: addresses that it fetches from us, or sounds that it makes itself. */
export type Sounds = {
  greeting(): string
  hold(round: number): string
  spoken(message: 'apology' | 'busy'): string
  /** How long a round of hold lasts. */
  roundMs: number
}

/** The ws origin of a relay that is alive; null when none is. */
export type Relays = () => Promise<string | null>

/** Somebody who may call once, from a browser. */
export type LinkCaller = {
  linkId: string
  password: string
  /** Whom they reach, whatever they dial. */
  to: string
  /** Who answers; null means the agent of that number. */
  agentId: string | null
  /** Theirs because an operator says so; null for nobody's. */
  callerNumber: string | null
}

export interface LinkCallers {
  /** Null when there is no such SIP user, or no more. */
  find(sipUser: string): Promise<LinkCaller | null>
  /** Uses the link up for this call; false when another call has, on whatever node. */
  claim(linkId: string, providerCallId: string): Promise<boolean>
  /** Nothing came of the call: the link is as good as before. */
  giveBack(linkId: string, providerCallId: string): Promise<void>
}
