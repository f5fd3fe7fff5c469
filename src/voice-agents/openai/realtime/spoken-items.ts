import { firstWords } from '../../../audio/first-words.ts'

/*
 * What the agent says, by the items of the vendor's conversation: how long each sounds, and which words it speaks. When the
 * caller cuts in, this reckons how far each was heard.
 */

/** More than a relay and a carrier hold of an agent's speech together: what lies further back was heard. */
const LONGEST_UNHEARD_MS = 120_000

type Item = { id: string; ms: number; words: string; isTold: boolean }

/** An item of which the end, or all, was not heard; `words` are null where nothing was told of it. */
export type CutItem = { id: string; heardMs: number; words: { original: string; spoken: string } | null }

export class SpokenItems {
  #items: Item[] = []
  /** Words that come for these come too late. */
  #cut = new Set<string>()

  /** Takes note of so much speech that was handed on. */
  sent(id: string, milliseconds: number): void {
    this.#item(id).ms += milliseconds
    let behind = 0
    const oldest = this.#items.findLastIndex((item) => {
      const isHeard = behind > LONGEST_UNHEARD_MS
      behind += item.ms
      return isHeard
    })
    if (oldest >= 0) this.#items.splice(0, oldest + 1)
  }

  /** Takes a piece of what the item says, or all; returns all of it once it is known and may be told. */
  said(id: string, text: string, isWhole: boolean): string | null {
    if (this.#cut.has(id)) return null
    const item = this.#item(id)
    if (item.isTold) return null
    item.words = isWhole ? text : item.words + text
    return isWhole ? this.#tell(item) : null
  }

  /** What was begun and has not been told: the caller has cut in, and no more of it comes. */
  untold(): string[] {
    return this.#items.flatMap((item) => (item.isTold ? [] : (this.#tell(item) ?? [])))
  }

  /** The last `unheardMs` of all that was sent will not be heard. Nothing before that can be cut any more. */
  cut(unheardMs: number): CutItem[] {
    const cuts: CutItem[] = []
    let left = unheardMs
    for (const { id, ms, words, isTold } of this.#items.toReversed()) {
      if (left <= 0 && ms > 0) break
      const heardMs = Math.max(0, Math.floor(ms - left))
      const told = isTold && words !== '' ? words : null
      const spoken = told && firstWords(told, ms > 0 ? heardMs / ms : 0)
      cuts.push({ id, heardMs, words: told === null ? null : { original: told, spoken: spoken ?? '' } })
      left -= ms
    }
    this.#cut = new Set(this.#items.map(({ id }) => id))
    this.#items = []
    return cuts.reverse()
  }

  #tell(item: Item): string | null {
    item.isTold = true
    return item.words.trim() === '' ? null : item.words
  }

  #item(id: string): Item {
    const last = this.#items.findLast((item) => item.id === id)
    if (last) return last
    const item = { id, ms: 0, words: '', isTold: false }
    this.#items.push(item)
    return item
  }
}
