import { loopDelay } from '../../../runtime/loop-delay.ts'
import { storable } from '../../storable-text.ts'
import type { Fragment } from './codec.ts'

/** A pause between two words is shorter. */
const PAUSE_MS = 1_000
const MAX_CHARACTERS = 1_000
const CLOSING = '"\'»”’)'
const ENDS = '?!…。？！'

/** Whether it ends with the end of a sentence, behind which there may be quotation marks; not with that of a number's whole part. */
function endsSentence(text: string): boolean {
  const said = text.trimEnd()
  let last = said.length - 1
  while (last >= 0 && CLOSING.includes(said.charAt(last))) last -= 1
  const mark = said.charAt(last)
  if (mark === '.') return !/\d/.test(said.charAt(last - 1))
  return mark !== '' && ENDS.includes(mark)
}

/** Gathers the fragments of what one side says to sentences, or to what is said between two pauses. */
export class Utterance {
  readonly #tell: (text: string, spokenMs: number) => void
  #text = ''
  #startMs = 0
  #endMs = 0
  #cancelPause: () => void = () => {}

  /** `spokenMs`: how long it took to say this. */
  constructor(tell: (text: string, spokenMs: number) => void) {
    this.#tell = tell
  }

  add({ text, startMs, endMs }: Fragment): void {
    if (startMs - this.#endMs >= PAUSE_MS) this.flush()
    if (this.#text === '') this.#startMs = startMs
    this.#text += text
    this.#endMs = endMs
    this.#cancelPause()
    if (endsSentence(this.#text) || this.#text.length >= MAX_CHARACTERS) this.flush()
    else this.#cancelPause = loopDelay.after(PAUSE_MS, () => this.flush())
  }

  /** It is over, as far as it has come. */
  flush(): void {
    const text = storable(this.#text).trim()
    this.drop()
    if (text !== '') this.#tell(text, Math.max(0, this.#endMs - this.#startMs))
  }

  /** Nothing more is told of it. */
  drop(): void {
    this.#cancelPause()
    this.#text = ''
  }
}
