import type { Clock } from '../../src/calls/clock.ts'

/** Time that stands still until a test moves it. */
export class ManualClock implements Clock {
  #now = Date.parse('2026-01-05T09:00:00Z')
  #timers: { due: number; callback: () => void }[] = []

  /** Milliseconds since some time. */
  now(): number {
    return this.#now
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { due: this.#now + ms, callback }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  /** Moves time on; what falls due is called in order. */
  advance(ms: number): void {
    const until = this.#now + ms
    for (;;) {
      const next = this.#timers.filter(({ due }) => due <= until).sort((a, b) => a.due - b.due)[0]
      if (!next) break
      this.#now = next.due
      this.#timers = this.#timers.filter((timer) => timer !== next)
      next.callback()
    }
    this.#now = until
  }

  get pending(): number {
    return this.#timers.length
  }
}
