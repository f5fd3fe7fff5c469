import type { CallEvent } from '../../machines/call-events.ts'
import type { CallView } from '../../machines/instructions.ts'
import type { CallerVerification } from '../calls/caller-trust.ts'

/** A call as the adapter of the carrier of one of its legs needs it. */
export type CarrierCall = {
  callId: string
  legId: string
  view: CallView
  tokenOf: (bridgeNumber: number) => string
}

/**
 * What a carrier's adapter asks of the calls. `open` and `tell` reject when the call could not be written, and with AnswerPending
 * when another process has to decide first: the carrier is to ask again.
 */
export interface CarrierCalls {
  /** `isNew` is false when this carrier announced the call before. */
  open(call: {
    providerCallId: string
    from: string
    /** Whom an unknown caller claims to be; left out, it is `from`. */
    claimed?: string
    to: string
    verification: CallerVerification
    /** Who answers; left out or null, the agent of the number. */
    agentId?: string | null
    publicOrigin: string
  }): Promise<CarrierCall & { isNew: boolean }>
  /** Null when no leg has this id of the carrier's. An event that names another leg changes nothing. `eventId` names the delivery, so that a repeated one changes nothing. */
  tell(providerCallId: string, event: CallEvent, eventId?: string): Promise<CarrierCall | null>
  /**
   * Says what the carrier says only once. It is kept from now on, and tried until the call has taken it. `tried` resolves after
   * the first try; `outcome` is `unknown` when there is no such call, `lost` when it could be kept no longer. Neither rejects.
   */
  report(
    providerCallId: string,
    event: CallEvent,
    eventId: string,
  ): { tried: Promise<void>; outcome: Promise<'taken' | 'unknown' | 'lost'> }
}
