import type { Clock } from '../../src/media/clock.ts'

type Repeated = { periodMs: number; dueAt: number; tick: () => void }

/** Time that stands still until it is moved. */
export class ManualClock implements Clock {
  #now = 0
  readonly #repeated = new Set<Repeated>()

  now(): number {
    return this.#now
  }

  date(): Date {
    return new Date(Date.UTC(2026, 0, 1) + this.#now)
  }

  every(periodMs: number, tick: () => void): () => void {
    const repeated = { periodMs, dueAt: this.#now + periodMs, tick }
    this.#repeated.add(repeated)
    return () => this.#repeated.delete(repeated)
  }

  /** How many ticks are still being called for. */
  get running(): number {
    return this.#repeated.size
  }

  advance(milliseconds: number): void {
    const end = this.#now + milliseconds
    for (let next = this.#next(end); next !== null; next = this.#next(end)) {
      this.#now = next.dueAt
      next.dueAt += next.periodMs
      next.tick()
    }
    this.#now = end
  }

  #next(end: number): Repeated | null {
    const due = [...this.#repeated].filter(({ dueAt }) => dueAt <= end)
    return due.sort((a, b) => a.dueAt - b.dueAt)[0] ?? null
  }
}
