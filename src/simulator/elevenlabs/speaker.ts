import { decodeMuLaw, muLawMilliseconds } from '../../audio/mulaw.ts'
import { speak } from '../assets/speech.ts'
import type { Cancel, ClockScope } from '../clock-scope.ts'
import { type AgentAudioFormat, bytesIn, encodeAudio } from './audio-format.ts'

/** One message holds a quarter of a second of speech … */
const CHUNK_MS = 250
/** … and is sent four times as fast as it plays, as the vendor does, so that the listener's buffer never runs dry. */
const CHUNK_EVERY_MS = 60

export type Alignment = { chars: string[]; char_start_times_ms: number[]; char_durations_ms: number[] }

export interface SpeakerListener {
  /** Speech in the agent's output format, ready to be sent. */
  chunk(audio: Buffer, alignment: Alignment): void
  /** The listener has heard the sentence to its end. */
  played(heard: Heard): void
}

/** What reached the listener's ear of one sentence; `samples` are at 8 kHz. */
export type Heard = { text: string; heardText: string; samples: Int16Array; startedAt: number }

type Sentence = {
  text: string
  /** Mu-law, by which time is counted. */
  speech: Buffer
  /** The same as it is sent. */
  wire: Buffer
  durationMs: number
  sentMs: number
  startedAt: number
  cancel: Cancel
}

/** The agent's mouth: sends speech ahead of time and knows by the clock how much of it has been heard. */
export class Speaker {
  readonly #clock: ClockScope
  readonly #voiceId: string
  readonly #format: AgentAudioFormat
  readonly #listener: SpeakerListener
  #sentence: Sentence | null = null

  constructor(clock: ClockScope, voiceId: string, format: AgentAudioFormat, listener: SpeakerListener) {
    this.#clock = clock
    this.#voiceId = voiceId
    this.#format = format
    this.#listener = listener
  }

  get speaking(): boolean {
    return this.#sentence !== null
  }

  /** Begins to say `text`; the first audio goes out before this returns. */
  say(text: string): void {
    const speech = speak(text, this.#voiceId)
    const wire = encodeAudio(speech, this.#format)
    const durationMs = muLawMilliseconds(speech.length)
    const startedAt = this.#clock.now()
    this.#sentence = { text, speech, wire, durationMs, sentMs: 0, startedAt, cancel: () => {} }
    this.#sendNext(this.#sentence)
  }

  /** Falls silent at once. Returns what was heard; null when nothing was being said. */
  interrupt(): Heard | null {
    const sentence = this.#sentence
    if (!sentence) return null
    sentence.cancel()
    this.#sentence = null
    return heardOf(sentence, this.#clock.now() - sentence.startedAt)
  }

  #sendNext(sentence: Sentence): void {
    const fromMs = sentence.sentMs
    const toMs = Math.min(fromMs + CHUNK_MS, sentence.durationMs)
    const chunk = sentence.wire.subarray(bytesIn(fromMs, this.#format), bytesIn(toMs, this.#format))
    sentence.sentMs = toMs
    this.#listener.chunk(chunk, alignmentOf(sentence, fromMs, toMs))
    const playedAt = sentence.startedAt + sentence.durationMs
    sentence.cancel =
      toMs < sentence.durationMs
        ? this.#clock.after(CHUNK_EVERY_MS, () => this.#sendNext(sentence))
        : this.#clock.after(Math.max(0, playedAt - this.#clock.now()), () => this.#finish(sentence))
  }

  #finish(sentence: Sentence): void {
    this.#sentence = null
    this.#listener.played(heardOf(sentence, sentence.durationMs))
  }
}

/** Nobody has heard more than was sent, however much time has passed. */
function heardOf({ text, speech, durationMs, sentMs, startedAt }: Sentence, playedMs: number): Heard {
  const heardMs = Math.min(playedMs, sentMs)
  return {
    text,
    heardText: firstWords(text, heardMs / durationMs),
    samples: decodeMuLaw(speech.subarray(0, bytesIn(heardMs, 'ulaw_8000'))),
    startedAt,
  }
}

/** The words of `text` that end within its first `share`, 0 to 1. */
function firstWords(text: string, share: number): string {
  const upTo = Math.floor(text.length * share)
  if (upTo >= text.length) return text
  return text.slice(0, Math.max(0, text.lastIndexOf(' ', upTo)))
}

/** Which characters the chunk from `fromMs` to `toMs` speaks: all are taken to be equally long. Times are within the chunk. */
function alignmentOf({ text, durationMs }: Sentence, fromMs: number, toMs: number): Alignment {
  const charAt = (ms: number) => Math.round((text.length * ms) / durationMs)
  const chars = [...text.slice(charAt(fromMs), charAt(toMs))]
  const each = (toMs - fromMs) / Math.max(1, chars.length)
  return {
    chars,
    char_start_times_ms: chars.map((_, index) => Math.round(index * each)),
    char_durations_ms: chars.map(() => Math.round(each)),
  }
}
