import { TELEPHONE_AUDIO, type WireAudio } from '../../audio/audio-format.ts'
import type { AgentListener, OverrideRefusal } from '../../media/agent-port.ts'
import { awakeMs } from '../../runtime/loop-delay.ts'
import { vendorWords } from '../../voices/ports.ts'
import type { ApiError } from './errors.ts'
import type { SessionEnd } from './session-term.ts'

/* What a conversation over a telephone line is, whichever API of the vendor's carries it. */

/** As audio goes in and comes out. */
export const TELEPHONE: WireAudio = { ...TELEPHONE_AUDIO, wire: 'base64' }

/** A pause between two sentences is shorter. */
export const PAUSE_MS = 1_500
/** How much later than it could be the agent may be heard: network, and what carriers keep. */
const LINE_DELAY_MS = 2_000

/** How long what the agent has said still sounds, as far as it can be known here. */
export class SpokenAudio {
  /** At least until then, by `awakeMs`. */
  #soundsUntil = Number.NEGATIVE_INFINITY

  add(milliseconds: number): void {
    this.#soundsUntil = Math.max(this.#soundsUntil, awakeMs()) + milliseconds
  }

  /** None of it sounds any more. */
  cut(): void {
    this.#soundsUntil = Number.NEGATIVE_INFINITY
  }

  get mayBeHeard(): boolean {
    return awakeMs() < this.#soundsUntil + LINE_DELAY_MS
  }
}

/** The vendor will not have the voice; its agent speaks in its own. */
export function voiceRefused({ message }: ApiError): OverrideRefusal {
  const detail = vendorWords(message ?? '')
  return { override: 'voice', voiceId: null, isGone: false, ...(detail && { detail }) }
}

export function tellEnd(listener: AgentListener, end: SessionEnd): void {
  if (end.kind === 'closed') listener.ended()
  else listener.lost(end.cause, end.detail ?? undefined, end.isPermanent)
}
