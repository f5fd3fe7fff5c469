import type { LegEvent, MediaEvent, TransferEvent } from '../../machines/call-events.ts'
import type { LegInstruction } from '../../machines/instructions.ts'

/** What a carrier can do to a call: its leg, who is on it, and its media stream. */
export type CarrierEvent = LegEvent | TransferEvent | MediaEvent

/** What the service tells a carrier without being asked. */
export type LegOrder = 'redirect' | 'hang-up'

/** What a leg should have been told by now. */
export type Told = {
  instructions: LegInstruction[]
  /** In order, since the call began. */
  orders: LegOrder[]
  /** The agent's last word may still be heard from a bridge that the call has left. */
  mayStillPlay: boolean
}

/** The call as its carrier sees it. */
export type DrivenCall = {
  from: string
  /** Where the call comes in, and where each later word about it goes: every node is as good as any other. */
  firstOrigin: string
  nextOrigin: () => string
}

/**
 * The carrier's side of one call, led by hand over the real protocol. Paths are played through this alone, so whoever
 * brings another carrier writes one of these and no test.
 */
export interface LegDriver {
  /** The carrier's name for the call. */
  readonly providerCallId: string
  /** The call comes in; resolves when it was answered. */
  begin(): Promise<void>
  /**
   * Does what makes the service hear this event, and resolves when the carrier has done its part: with what the leg was
   * told in answer, or null where the carrier gets no such answer.
   */
  perform(event: CarrierEvent): Promise<LegInstruction[] | null>
  /** Rejects unless the leg has been told this, or soon is, as far as this carrier can see. To look changes nothing. */
  expectTold(told: Told): Promise<void>
  /** Whether a media stream of this call is open. */
  isStreaming(): boolean
  /** Ends what the carrier holds open, and hangs up if the call still lives. */
  leave(): Promise<void>
}

export type LegDriverFactory = (call: DrivenCall) => LegDriver
