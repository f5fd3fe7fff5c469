import { rms } from '../audio/energy.ts'
import { MU_LAW_RATE } from '../audio/mulaw.ts'

const WINDOW_MS = 20
const WINDOW_SAMPLES = (MU_LAW_RATE * WINDOW_MS) / 1000

/** Root mean square of a 16-bit window that counts as voice, about -36 dBFS: above line noise, below soft speech. */
const VOICE_RMS = 500
/** Shorter bursts are clicks and coughs. */
export const VOICE_STARTS_MS = 120
/** A pause this long ends an utterance, unless told otherwise; shorter ones are breaths between words. */
const VOICE_ENDS_MS = 700

export interface VoiceActivityListener {
  /** The caller has begun to speak. */
  voiceStarted(): void
  /** The caller has been silent long enough to be answered; `durationMs` is how long they spoke. */
  voiceStopped(durationMs: number): void
}

/**
 * Tells speech from silence by loudness alone. Time is counted in audio and not by the clock, so it is right at any
 * speed at which the audio comes.
 */
export class VoiceActivity {
  readonly #listener: VoiceActivityListener
  readonly #pauseMs: number
  readonly #window = new Int16Array(WINDOW_SAMPLES)
  #filled = 0
  #loudMs = 0
  #quietMs = 0
  #utteranceMs = 0
  #speaking = false

  constructor(listener: VoiceActivityListener, pauseMs = VOICE_ENDS_MS) {
    this.#listener = listener
    this.#pauseMs = pauseMs
  }

  get speaking(): boolean {
    return this.#speaking
  }

  /** Takes the caller's next samples, at 8 kHz. */
  hear(samples: Int16Array): void {
    for (const sample of samples) {
      this.#window[this.#filled++] = sample
      if (this.#filled < WINDOW_SAMPLES) continue
      this.#filled = 0
      this.#judge(rms(this.#window) > VOICE_RMS)
    }
  }

  /** Ends the utterance now, because no more audio comes to end it. */
  giveUp(): void {
    if (this.#speaking) this.#stop()
  }

  #judge(loud: boolean): void {
    this.#loudMs = loud ? this.#loudMs + WINDOW_MS : Math.max(0, this.#loudMs - WINDOW_MS)
    this.#quietMs = loud ? 0 : this.#quietMs + WINDOW_MS
    if (this.#speaking) this.#utteranceMs += WINDOW_MS
    if (!this.#speaking && this.#loudMs >= VOICE_STARTS_MS) this.#start()
    else if (this.#speaking && this.#quietMs >= this.#pauseMs) this.#stop()
  }

  #start(): void {
    this.#speaking = true
    this.#utteranceMs = VOICE_STARTS_MS
    this.#listener.voiceStarted()
  }

  #stop(): void {
    this.#speaking = false
    this.#loudMs = 0
    this.#listener.voiceStopped(this.#utteranceMs - this.#quietMs)
  }
}
