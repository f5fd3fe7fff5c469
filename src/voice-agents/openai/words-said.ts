import type { Turn } from '../../media/agent-port.ts'

type Words = Pick<Turn, 'role' | 'text' | 'heard'>

/** Enough of a conversation to go on with it; what was said before is the least that is missed. */
const MAX_CHARACTERS = 8_000

/** The conversation so far in words, for a session that has not heard it. */
export class WordsSaid {
  #turns: Words[]
  #count: number

  constructor(soFar: readonly Words[]) {
    this.#turns = [...soFar]
    this.#count = soFar.length
  }

  /** How many turns there have been. */
  get count(): number {
    return this.#count
  }

  add(role: Turn['role'], text: string): void {
    this.#count++
    this.#turns.push({ role, text })
    this.#turns = this.latest()
  }

  /** Of what the agent has said last in these words, only so much was heard. */
  cut({ original, spoken }: { original: string; spoken: string }): void {
    const turn = this.#turns.findLast(({ role, text }) => role === 'agent' && text === original)
    if (turn) turn.heard = spoken
  }

  /** The last turns, oldest first. */
  latest(): Words[] {
    let characters = 0
    const first = this.#turns.findLastIndex(({ text, heard }) => {
      characters += (heard ?? text).length
      return characters > MAX_CHARACTERS
    })
    return this.#turns.slice(first + 1)
  }

  /** Those of the last turns that came when there had been so many. */
  since(count: number): Words[] {
    const added = this.#count - count
    return added > 0 ? this.latest().slice(-added) : []
  }
}
