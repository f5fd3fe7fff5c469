/*
 * The simulator's only clock. Where its time comes from is given: the machine's, the machine's sped up, so that a test
 * lives through a whole conversation without waiting for it, or a test's own.
 */

export type Cancel = () => void

/** Times are simulated milliseconds. */
export interface TimeSource {
  now(): number
  /** Calls `task` once, `ms` from now; at once when that is past. */
  setTimer(ms: number, task: () => void): Cancel
}

/** Real time at 1; at 0.05 a second of the simulation passes in 50 ms. */
export function scaledTime(scale: number): TimeSource {
  if (!(scale > 0)) throw new RangeError(`timeScale must be greater than 0, but is ${scale}.`)
  return {
    now: () => performance.now() / scale,
    setTimer(ms, task) {
      const timer = setTimeout(task, Math.max(0, ms * scale))
      return () => clearTimeout(timer)
    },
  }
}

export class SimulationClock {
  readonly #source: TimeSource
  readonly #pending = new Set<Cancel>()
  #stopped = false

  constructor(source: TimeSource) {
    this.#source = source
  }

  /** A clock of the same time whose tasks can be forgotten together. */
  fork(): SimulationClock {
    return new SimulationClock(this.#source)
  }

  /** Simulated milliseconds since some moment. */
  now(): number {
    return this.#source.now()
  }

  /** Runs `task` once, `ms` from now, unless it is cancelled or the clock is stopped before. */
  after(ms: number, task: () => void): Cancel {
    if (this.#stopped) return () => {}
    const cancelTimer = this.#source.setTimer(ms, () => {
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

  /** Resolves after `ms`; never, when the clock is stopped before. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve))
  }

  /** Forgets every task and accepts no more. */
  stop(): void {
    this.#stopped = true
    for (const cancel of this.#pending) cancel()
  }
}
