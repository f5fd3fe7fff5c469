import type { Script } from '../script.ts'
import type { Item } from './conversation-items.ts'

/** What a response consists of. */
export type Answer = { text: string; hangsUp: boolean }

const SAY = /Say exactly this, and nothing else: (.+)$/s
const RESTORED = /\bline was interrupted\b.*\brestored\b/

/** The simulated model: it hears that somebody spoke, never what, so that its answers fit any words. */
export class Model {
  readonly #script: Script
  #next = 0

  constructor(script: Script) {
    this.#script = script
  }

  /** What it says to the conversation so far, by the instructions that hold for this response. */
  answer(items: readonly Item[], instructions: string, canHangUp: boolean): Answer {
    const told = SAY.exec(instructions)?.[1]
    if (told !== undefined) return { text: told.trim(), hangsUp: false }
    const last = items.findLast((item) => item.type === 'message')
    if (!last) return { text: this.#script.firstMessage, hangsUp: false }
    if (last.source === 'client' && RESTORED.test(last.text ?? ''))
      return { text: this.#script.reconnected, hangsUp: false }
    const reply = this.#script.replies[this.#next++]
    return reply === undefined
      ? { text: this.#script.goodbye, hangsUp: canHangUp }
      : { text: reply, hangsUp: false }
  }
}
