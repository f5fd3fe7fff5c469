import { MU_LAW_RATE } from '../../audio/mulaw.ts'
import { VOICE_STARTS_MS, VoiceActivity } from '../voice-activity.ts'
import type { TurnDetection } from './session-settings.ts'
import { newId } from './vendor-id.ts'

export type HearingListener = {
  /** Offsets count the audio that the client has sent. */
  started(itemId: string, audioStartMs: number): void
  stopped(itemId: string, audioEndMs: number, spokenMs: number): void
}

/** Hears in the client's audio when the caller speaks; time is counted in audio. */
export class CallerHearing {
  readonly #activity: VoiceActivity
  #heardMs = 0
  #itemId = ''

  constructor(
    { prefixPaddingMs, silenceDurationMs }: TurnDetection,
    fromMs: number,
    listener: HearingListener,
  ) {
    this.#heardMs = fromMs
    this.#activity = new VoiceActivity(
      {
        voiceStarted: () => {
          this.#itemId = newId('item')
          const beganMs = this.#heardMs - VOICE_STARTS_MS
          listener.started(this.#itemId, Math.max(0, Math.round(beganMs - prefixPaddingMs)))
        },
        voiceStopped: (spokenMs) => listener.stopped(this.#itemId, Math.round(this.#heardMs), spokenMs),
      },
      silenceDurationMs,
    )
  }

  /** Takes the caller's next samples, at 8 kHz. */
  hear(samples: Int16Array): void {
    // One window at a time, so that each is heard at its own moment.
    const window = MU_LAW_RATE / 50
    for (let at = 0; at < samples.length; at += window) {
      const piece = samples.subarray(at, at + window)
      this.#heardMs += (piece.length * 1000) / MU_LAW_RATE
      this.#activity.hear(piece)
    }
  }
}
