import type { CallView } from '../../../machines/instructions.ts'
import type { CarrierCalls } from '../calls-port.ts'

/** Samples a second of what an agent takes, and of what it gives. */
export type AgentRates = { input: number; output: number }

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

/** A leg as other processes must find it when its holder is gone. */
type HeldLeg = {
  legId: string
  callId: string
  /** The FreeSWITCH, as host:port, and its name for the channel. */
  mediaServer: string
  channel: string
  /** drachtio-server's name for the dialog; null before the answer. */
  dialogId: string | null
}

/** An INVITE of ours by drachtio-server's names: of its transaction, and, once somebody is alerted, of the dialog that begins. */
export type InviteNames = { transactionId: string; dialogId: string | null }

/** A leg whose holder is gone, with the INVITE to a party that is called in its caller's place. */
export type AbandonedLeg = HeldLeg & { providerCallId: string; invite: InviteNames | null }

/** Which legs are held by whom; it outlives the holder. */
export interface LegRegister {
  hold(leg: HeldLeg): Promise<void>
  answered(legId: string, dialogId: string): Promise<void>
  moved(legId: string, to: Pick<HeldLeg, 'mediaServer' | 'channel'>): Promise<void>
  /** Somebody is called for the leg, or no more. */
  calling(legId: string, invite: InviteNames | null): Promise<void>
  release(legId: string): Promise<void>
  /** Takes over what nodes that are gone have left, each leg once for all who ask. */
  takeAbandoned(): Promise<AbandonedLeg[]>
}
