import { muLawMilliseconds } from '../../../audio/mulaw.ts'
import { speak } from '../../assets/speech.ts'
import type { Cancel, ClockScope } from '../../clock-scope.ts'

/** From the wish to speak to the first sound. */
const THINKING_MS = 300
/** One message holds so much speech; it is sent when the one before it begins to sound. */
const CHUNK_MS = 100

export type SpeechOutlet = {
  /** These words sound so many milliseconds from now, until so many. */
  words(delta: string, fromMs: number, untilMs: number): void
  audio(muLaw: Buffer): void
}

/** One sentence after another, in the time that it takes to say them, until somebody talks over it. */
export class Speech {
  readonly #clock: ClockScope
  readonly #outlet: SpeechOutlet
  #waiting: { text: string; voice: string }[] = []
  #cancelNext: Cancel | null = null

  constructor(clock: ClockScope, outlet: SpeechOutlet) {
    this.#clock = clock
    this.#outlet = outlet
  }

  say(text: string, voice: string): void {
    this.#waiting.push({ text, voice })
    this.#cancelNext ??= this.#clock.after(THINKING_MS, () => this.#begin())
  }

  /** The rest is not said. */
  yield(): void {
    this.#waiting = []
    this.#cancelNext?.()
    this.#cancelNext = null
  }

  #begin(): void {
    this.#cancelNext = null
    const next = this.#waiting.shift()
    if (next) this.#speakOn(next.text, speak(next.text, next.voice), 0)
  }

  /** The words come along with the sound that speaks them. */
  #speakOn(text: string, speech: Buffer, sentMs: number): void {
    const lengthMs = muLawMilliseconds(speech.length)
    const untilMs = Math.min(sentMs + CHUNK_MS, lengthMs)
    const [from, until] = [wordEnd(text, sentMs / lengthMs), wordEnd(text, untilMs / lengthMs)]
    const soundsAt = (character: number) => (lengthMs * character) / text.length - sentMs
    this.#outlet.audio(speech.subarray(sentMs * 8, untilMs * 8))
    if (until > from) this.#outlet.words(text.slice(from, until), soundsAt(from), soundsAt(until))
    this.#cancelNext = this.#clock.after(sentMs === 0 ? 0 : untilMs - sentMs, () => {
      if (untilMs < lengthMs) this.#speakOn(text, speech, untilMs)
      else this.#begin()
    })
  }
}

/** Where the word ends that is under way after this share of the text. */
function wordEnd(text: string, share: number): number {
  if (share === 0) return 0
  const space = text.indexOf(' ', Math.round(text.length * share))
  return space < 0 ? text.length : space
}
