import type { Clock } from '../runtime/clock.ts'

export type Cancel = () => void

/** A clock whose tasks can be forgotten together. Times are simulated milliseconds. */
export class ClockScope implements Pick<Clock, 'now' | 'after'> {
  readonly #clock: Clock
  readonly #pending = new Set<Cancel>()
  #stopped = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A scope of its own on the same clock. */
  fork(): ClockScope {
    return new ClockScope(this.#clock)
  }

  now(): number {
    return this.#clock.now()
  }

  /** Runs `task` once, `ms` from now, unless it is cancelled or the scope is stopped before. */
  after(ms: number, task: () => void): Cancel {
    if (this.#stopped) return () => {}
    const cancelTimer = this.#clock.after(ms, () => {
      this.#pending.delete(cancel)
      task()
    })
    const cancel = () => {
      this.#pending.delete(cancel)
      cancelTimer()
    }
    this.#pending.add(cancel)
    return cancel
  }

  /** Resolves after `ms`; never, when the scope is stopped before. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve))
  }

  /** Forgets every task and accepts no more. */
  stop(): void {
    this.#stopped = true
    for (const cancel of this.#pending) cancel()
  }
}
