import type { CallView } from '../../../machines/instructions.ts'
import type { CarrierCalls } from '../../calls/ports.ts'

/** What legs ask of the calls. */
export interface LegCalls extends CarrierCalls {
  /** Calls back with every change of the call, whichever node made it, until the returned function is called. */
  watch(callId: string, onChange: (view: CallView) => void): () => void
  /** Aborts when the process goes: what could not be told until then is found by others. */
  readonly stopping: AbortSignal
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

/** A leg as other processes must find it when its holder is gone. */
export type HeldLeg = {
  callId: string
  /** The FreeSWITCH, as host:port, and its name for the channel. */
  mediaServer: string
  channel: string
  /** drachtio-server's name for the dialog; null before the answer. */
  dialogId: string | null
}

/** A leg whose holder is gone. */
export type AbandonedLeg = HeldLeg & { providerCallId: string }

/** Which legs are held by whom; it outlives the holder. */
export interface LegRegister {
  hold(leg: HeldLeg): Promise<void>
  answered(callId: string, dialogId: string): Promise<void>
  release(callId: string): Promise<void>
  /** Takes over what nodes that are gone have left, each leg once for all who ask. */
  takeAbandoned(): Promise<AbandonedLeg[]>
}
