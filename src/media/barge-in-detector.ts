import type { WireAudio } from '../audio/audio-format.ts'
import { rms } from '../audio/energy.ts'
import { linearSamples } from '../audio/linear.ts'
import { type Transcoder, transcoderBetween } from '../audio/transcoder.ts'

const SAMPLES: WireAudio = { encoding: 'l16', rate: 8000, wire: 'bytes' }
const SAMPLES_PER_MS = SAMPLES.rate / 1000

/** About -36 dBFS: above the noise of a line, below soft speech. */
const SPEECH_RMS = 500
/** Shorter bursts are clicks and coughs. */
const SPEECH_MS = 120
/** A shorter pause is a breath between two words. */
const PAUSE_MS = 500

/** Hears by loudness that the caller begins to speak, where the agent's vendor says nothing of it. It counts time in audio. */
export class BargeInDetector {
  readonly #transcoder: Transcoder | null
  #loudMs = 0
  #quietMs = 0
  #isSpeaking = false

  constructor(inboundFormat: WireAudio) {
    this.#transcoder = transcoderBetween(inboundFormat, SAMPLES)
  }

  /** Takes the caller's next audio, and says whether they have just begun to speak: once in each utterance. */
  hear(payload: Buffer): boolean {
    const samples = linearSamples(this.#transcoder?.transcode(payload) ?? payload)
    const milliseconds = samples.length / SAMPLES_PER_MS
    if (samples.length > 0 && rms(samples) >= SPEECH_RMS) return this.#loud(milliseconds)
    this.#quiet(milliseconds)
    return false
  }

  #loud(milliseconds: number): boolean {
    this.#quietMs = 0
    this.#loudMs += milliseconds
    if (this.#isSpeaking || this.#loudMs < SPEECH_MS) return false
    this.#isSpeaking = true
    return true
  }

  #quiet(milliseconds: number): void {
    this.#quietMs += milliseconds
    this.#loudMs = Math.max(0, this.#loudMs - milliseconds)
    if (this.#quietMs >= PAUSE_MS) this.#isSpeaking = false
  }
}
