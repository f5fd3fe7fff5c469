/** Whoever guesses is forgotten this long after the first wrong guess. */
const WINDOW_MS = 60_000
/** More sources than this are not told apart any more: the oldest is forgotten. */
const MAX_SOURCES = 10_000

type Failures = { since: number; count: number }

/** Counts failures by source within a minute: one that made too many is refused whatever it tries. */
export class FailureLimit {
  readonly #most: number
  readonly #now: () => number
  readonly #failures = new Map<string, Failures>()

  constructor(most: number, now: () => number = Date.now) {
    this.#most = most
    this.#now = now
  }

  isOver(source: string): boolean {
    return (this.#of(source)?.count ?? 0) >= this.#most
  }

  count(source: string): void {
    const failures = this.#of(source) ?? { since: this.#now(), count: 0 }
    this.#failures.delete(source)
    this.#failures.set(source, { ...failures, count: failures.count + 1 })
    const [oldest] = this.#failures.keys()
    if (this.#failures.size > MAX_SOURCES && oldest !== undefined) this.#failures.delete(oldest)
  }

  forget(source: string): void {
    this.#failures.delete(source)
  }

  #of(source: string): Failures | null {
    const found = this.#failures.get(source)
    return found && this.#now() - found.since < WINDOW_MS ? found : null
  }
}
