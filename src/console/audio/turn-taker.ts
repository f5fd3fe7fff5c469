/** A pause that ends what somebody says; breaths and commas are shorter. */
const PAUSE_MS = 800
/** An agent that says nothing is spoken to. */
const SILENCE_MS = 5_000
/** And one that says too much is interrupted. */
const PATIENCE_MS = 8_000

/** Decides when a recorded caller speaks: after the agent has finished, or when waiting longer makes no sense. */
export class TurnTaker {
  #talkMs = 0
  #quietMs = 0

  /** The caller has just spoken: the agent's answer is awaited. */
  reset(): void {
    this.#talkMs = 0
    this.#quietMs = 0
  }

  /** Whether it is the caller's turn, after the line was loud or quiet for this long. */
  hears(isLoud: boolean, milliseconds: number): boolean {
    if (isLoud) {
      this.#talkMs += milliseconds + (this.#talkMs > 0 ? this.#quietMs : 0)
      this.#quietMs = 0
    } else {
      this.#quietMs += milliseconds
    }
    if (this.#talkMs > 0 && this.#quietMs >= PAUSE_MS) return true
    return this.#quietMs >= SILENCE_MS || this.#talkMs >= PATIENCE_MS
  }
}
