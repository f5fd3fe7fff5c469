import type { Clock } from '../../src/runtime/clock.ts'

type Timer = { dueAt: number; periodMs: number | null; callback: () => void }

/** Time that stands still until a test moves it. */
export class ManualClock implements Clock {
  #now = 0
  #stoodStillMs = 0
  readonly #timers = new Set<Timer>()

  now(): number {
    return this.#now
  }

  awake(): number {
    return this.#now - this.#stoodStillMs
  }

  after(ms: number, callback: () => void): () => void {
    return this.#set({ dueAt: this.#now + ms, periodMs: null, callback })
  }

  every(periodMs: number, tick: () => void): () => void {
    return this.#set({ dueAt: this.#now + periodMs, periodMs, callback: tick })
  }

  /** How many calls are still to come; what is called every so often counts once. */
  get pending(): number {
    return this.#timers.size
  }

  /** Moves time on; what falls due is called in order. */
  advance(ms: number): void {
    const until = this.#now + ms
    for (let next = this.#next(until); next !== null; next = this.#next(until)) {
      this.#now = Math.max(this.#now, next.dueAt)
      if (next.periodMs === null) this.#timers.delete(next)
      else next.dueAt += next.periodMs
      next.callback()
    }
    this.#now = until
  }

  /** The process stands still for so long; then its timers run that fell due meanwhile. */
  standStill(ms: number): void {
    this.#now += ms
    this.#stoodStillMs += ms
    for (const timer of this.#timers) timer.dueAt = Math.max(timer.dueAt, this.#now)
    this.advance(0)
  }

  #set(timer: Timer): () => void {
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  #next(until: number): Timer | null {
    const due = [...this.#timers].filter(({ dueAt }) => dueAt <= until)
    return due.sort((a, b) => a.dueAt - b.dueAt)[0] ?? null
  }
}
