/*
 * The simulator's only clock. A scale of 1 is real time; at 0.05 a second of the simulation passes in 50 ms, so that a
 * test lives through a whole conversation without waiting for it.
 */

export type Cancel = () => void

export class ScaledClock {
  readonly #scale: number
  readonly #timers = new Set<NodeJS.Timeout>()
  #stopped = false

  constructor(scale: number) {
    if (!(scale > 0)) throw new RangeError(`timeScale must be greater than 0, but is ${scale}.`)
    this.#scale = scale
  }

  /** A clock of the same speed whose tasks can be forgotten together. */
  fork(): ScaledClock {
    return new ScaledClock(this.#scale)
  }

  /** Simulated milliseconds since the process started. */
  now(): number {
    return performance.now() / this.#scale
  }

  /** Runs `task` once, `ms` simulated milliseconds from now, unless cancelled or stopped before. */
  after(ms: number, task: () => void): Cancel {
    if (this.#stopped) return () => {}
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      task()
    }, ms * this.#scale)
    this.#timers.add(timer)
    return () => {
      clearTimeout(timer)
      this.#timers.delete(timer)
    }
  }

  /** Resolves after `ms` simulated milliseconds; never, when the clock is stopped before. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve))
  }

  /** Forgets every task and accepts no more. */
  stop(): void {
    this.#stopped = true
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }
}
