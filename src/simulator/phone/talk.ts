import { isVoiced } from '../../audio/energy.ts'
import { FrameBuffer } from '../frame-buffer.ts'
import { FRAME_BYTES, FRAME_MS } from '../frame-clock.ts'

/** So long a silence after the agent's answer means that it has finished. */
const ANSWER_OVER_MS = 2000
/** Less than this is the rest of what the agent was saying when the caller spoke. */
const SHORTEST_ANSWER_MS = 300
/** So long the caller waits for an answer that does not come. */
const ANSWER_PATIENCE_MS = 10_000

/**
 * The caller's side of a conversation: says what it has to say once the agent is on the line, hears the answer out, and
 * then has had enough. Time is counted in frames heard.
 */
export class Talk {
  /** Resolves when the caller has said everything and heard the answer, or has waited for it long enough. */
  readonly finished: Promise<void>
  readonly #speech = new FrameBuffer()
  readonly #finished = Promise.withResolvers<void>()
  #hasBegun = false
  #answerMs = 0
  #quietMs = 0

  /** `speech` is mu-law; silence at its end is left out, for the answer is waited for in any case. */
  constructor(speech: Buffer) {
    this.finished = this.#finished.promise
    this.#speech.push(speech.subarray(0, endOfSpeech(speech)))
  }

  /** The agent is on the line. */
  begin(): void {
    this.#hasBegun = true
  }

  nextFrame(): Buffer | null {
    return this.#hasBegun ? this.#speech.take() : null
  }

  hear(frame: Buffer): void {
    if (!this.#hasBegun || this.#speech.bytes > 0) return
    const voiced = isVoiced(frame)
    if (voiced) this.#answerMs += FRAME_MS
    this.#quietMs = voiced ? 0 : this.#quietMs + FRAME_MS
    const patience = this.#answerMs < SHORTEST_ANSWER_MS ? ANSWER_PATIENCE_MS : ANSWER_OVER_MS
    if (this.#quietMs >= patience) this.#finished.resolve()
  }
}

function endOfSpeech(speech: Buffer): number {
  let end = speech.length
  while (end > 0 && !isVoiced(speech.subarray(Math.max(0, end - FRAME_BYTES), end))) end -= FRAME_BYTES
  return Math.max(0, end)
}
