import { firstWords } from '../audio/first-words.ts'
import type { Clock } from '../runtime/clock.ts'

/*
 * Reckons what the caller has heard of what the agent said. The carrier plays what it was sent in its own time and
 * says by a mark how far it came; between marks the position is reckoned from the clock. Positions count milliseconds
 * of speech since the stream began, and a mark's name is the position that it stands at.
 */

/** Fine enough to say which words were heard, and rare beside fifty frames a second. */
const MARK_EVERY_MS = 1000

/** Words that were cut short: what the agent said, and what of it was heard. */
export type CutShort = { original: string; spoken: string }

/** Audio from one position up to the next stretch, and the words that it speaks once they are known. */
type Stretch = { from: number; words: string | null }

export class AgentSpeech {
  readonly #clock: Clock
  /** All that was sent; playing ends here. */
  #sent = 0
  #marked = 0
  #sentAtLastTick = 0
  /** The position was `anchor` at the time `anchoredAt`, and has moved on since. */
  #anchor = 0
  #anchoredAt = 0
  /** Nothing is left to play, so the next audio is heard from its first byte at once. */
  #silent = true
  /** A clear sends outstanding marks back as if they had been played; those up to here say nothing. */
  #clearedUpTo = 0
  #stretches: Stretch[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Takes note of so much speech on its way to the carrier, and says whether a mark is due after it. */
  sent(milliseconds: number): boolean {
    if (this.#silent) this.#begin()
    this.#sent += milliseconds
    return this.#sent - this.#marked >= MARK_EVERY_MS
  }

  /** Takes note of words whose audio is coming, or has just begun to. */
  said(words: string): void {
    const last = this.#stretches.at(-1)
    if (last?.words === null) last.words = words
    else this.#stretches.push({ from: this.#sent, words })
  }

  /** Takes note of words whose audio was sent before them: the last so many milliseconds. What follows speaks others. */
  spoke(words: string, milliseconds: number): void {
    while (this.#stretches.at(-1)?.words === null) this.#stretches.pop()
    const from = Math.max(this.#sent - milliseconds, this.#stretches.at(-1)?.from ?? 0)
    if (from < this.#sent) this.#stretches.push({ from, words }, { from: this.#sent, words: null })
  }

  /** The agent itself has said how far these words came: there is nothing to reckon any more. */
  corrected(original: string): void {
    this.#stretches = this.#stretches.filter(({ words }) => words !== original)
  }

  /** The name of a mark that stands after all that was sent until now. */
  mark(): string {
    this.#marked = this.#sent
    return String(this.#sent)
  }

  /** The carrier has sent a mark back. */
  marked(name: string): void {
    const position = Number(name)
    if (position > this.#clearedUpTo && position <= this.#sent) this.#moveTo(position)
  }

  /** Whether the agent's speech has paused behind its last mark, so that one is due; asked a few times a second. */
  tick(): boolean {
    const paused = this.#sent === this.#sentAtLastTick
    this.#sentAtLastTick = this.#sent
    this.#moveTo(this.#position())
    return paused && this.#marked < this.#sent
  }

  /** How long the carrier still plays, in milliseconds. */
  remainingMs(): number {
    return this.#sent - this.#position()
  }

  /** The carrier was told to drop the rest. Returns the words that were not heard to their end. */
  interrupted(): CutShort[] {
    const position = this.#position()
    const cut = this.#stretches.flatMap(({ from, words }, index) => {
      const end = this.#stretches[index + 1]?.from ?? this.#sent
      if (words === null || (end <= position && end > from)) return []
      return [{ original: words, spoken: firstWords(words, (position - from) / (end - from)) }]
    })
    this.#clearedUpTo = this.#marked = this.#sent
    this.#stretches = []
    this.#moveTo(this.#sent)
    return cut
  }

  #begin(): void {
    this.#silent = false
    this.#anchor = this.#sent
    this.#anchoredAt = this.#clock.now()
    if (this.#stretches.at(-1)?.from !== this.#sent) this.#stretches.push({ from: this.#sent, words: null })
  }

  #position(): number {
    return Math.min(this.#sent, this.#anchor + (this.#clock.now() - this.#anchoredAt))
  }

  #moveTo(position: number): void {
    this.#anchor = position
    this.#anchoredAt = this.#clock.now()
    this.#silent = position === this.#sent
    const playing = this.#stretches.findLastIndex(({ from }) => from <= position)
    if (playing > 0) this.#stretches.splice(0, playing)
    // Words whose audio has not begun yet wait at the end of what was sent.
    if (this.#silent) this.#stretches = this.#stretches.filter(({ from }) => from === this.#sent)
  }
}
