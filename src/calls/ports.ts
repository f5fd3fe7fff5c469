import type { LegEndStatus } from '../../machines/call-events.ts'

/*
 * What the calls ask of a carrier. Each carrier's adapter in src/telephony/ implements it; src/composition/ joins it.
 */

/** Every carrier, by the name that it has in the database and in the API. */
export const PROVIDERS = ['twilio', 'sip'] as const
export type Provider = (typeof PROVIDERS)[number]

/** A leg of one of our calls. */
export type LegName = { callId: string; legId: string; providerCallId: string }

/** Where a carrier finds it. */
export type LegAddress = LegName & {
  /** The https (or http, in the demo) origin that the carrier reached us at; callback URLs are built on it. */
  publicOrigin: string
}

/** How a leg ended, in the carrier's words. */
export type LegEnd = { status: LegEndStatus; durationSeconds?: number }

/**
 * Commands to a carrier, each about one leg. Every one may be given again for the same leg, at the same time too, and at any time
 * after the leg was announced. Each settles within seconds: it rejects, with the carrier's own status and words, when the carrier
 * cannot be reached, does not take the credentials or is too busy now. Whoever asked may ask again, and the leg's own poll still comes.
 */
export interface Telephony {
  /**
   * Makes the leg ask now what comes next, and ends its media stream: the question names the bridge that is `left`, 0 for
   * none. Resolves with how the leg ended when the carrier says that it is over, and with `impossible` where the carrier cannot
   * be told, refuses the request for what it asks or knows no such call.
   */
  redirectLeg(leg: LegAddress, left: number): Promise<'redirected' | 'impossible' | LegEnd>
  /** How the leg ended when the carrier says that it is over, `live` when it is not, `impossible` as above. Changes nothing. */
  checkLeg(leg: LegAddress): Promise<'live' | 'impossible' | LegEnd>
  /**
   * Ends the leg. Resolves too when it is over, when the carrier does not know it, and where legs follow their calls by themselves:
   * they end with the call, and are told nothing.
   */
  hangUp(leg: LegName): Promise<void>
}

export { AnswerPending } from '../actors/deliveries.ts'
