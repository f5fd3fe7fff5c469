import { awakeMs } from './loop-delay.ts'

/**
 * Time is given, never taken, so that a test turns it by hand and a simulation lives faster. It is in milliseconds since some
 * moment, for spans within this process alone: the time of day is the database's to say.
 */
export interface Clock {
  /** Only grows. */
  now(): number
  /** The same without the time for which our own loop stood still; for spans of others' silence. */
  awake(): number
  /** Calls back once, `ms` from now, in a turn of its own when that is past; the returned function cancels it. */
  after(ms: number, callback: () => void): () => void
  /** Calls `tick` every `periodMs` until the returned function is called. */
  every(periodMs: number, tick: () => void): () => void
}

/**
 * The machine's time at 1; at 0.05 a second passes in 50 ms.
 * @throws RangeError when no time would pass
 */
export function scaledClock(scale: number): Clock {
  if (!(scale > 0)) throw new RangeError(`timeScale must be greater than 0, but is ${scale}.`)
  return {
    now: () => performance.now() / scale,
    awake: () => awakeMs() / scale,
    after(ms, callback) {
      // A timer of Node's takes a millisecond at least, in which twenty may pass.
      if (ms <= 0) {
        const turn = setImmediate(callback)
        return () => clearImmediate(turn)
      }
      const timer = setTimeout(callback, ms * scale)
      return () => clearTimeout(timer)
    },
    every(periodMs, tick) {
      const timer = setInterval(tick, periodMs * scale)
      return () => clearInterval(timer)
    },
  }
}

export const systemClock = scaledClock(1)
