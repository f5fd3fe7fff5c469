import type { Clock } from '../../src/media/clock.ts'

type Repeated = { periodMs: number; dueAt: number; tick: () => void }

/** Time that stands still until it is moved. */
export class ManualClock implements Clock {
  #now = 0
  #stoodStillMs = 0
  readonly #repeated = new Set<Repeated>()

  now(): number {
    return this.#now
  }

  awake(): number {
    return this.#now - this.#stoodStillMs
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

  /** The process stands still for so long; then its timers run that fell due meanwhile. */
  standStill(milliseconds: number): void {
    this.#now += milliseconds
    this.#stoodStillMs += milliseconds
    for (const repeated of this.#repeated) repeated.dueAt = Math.max(repeated.dueAt, this.#now)
    this.advance(0)
  }

  #next(end: number): Repeated | null {
    const due = [...this.#repeated].filter(({ dueAt }) => dueAt <= end)
    return due.sort((a, b) => a.dueAt - b.dueAt)[0] ?? null
  }
}
