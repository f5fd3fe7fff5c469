import { awakeMs } from '../runtime/loop-delay.ts'

/** Time as the relay knows it; given, so that tests can turn it by hand. The time of day is the database's to say. */
export type Clock = {
  /** Milliseconds that only grow; for spans. */
  now(): number
  /** The same without the time for which our own loop stood still; for spans of others' silence. */
  awake(): number
  /** Calls `tick` every `periodMs` milliseconds until the returned function is called. */
  every(periodMs: number, tick: () => void): () => void
}

export const systemClock: Clock = {
  now: () => performance.now(),
  awake: awakeMs,
  every: (periodMs, tick) => {
    const timer = setInterval(tick, periodMs)
    return () => clearInterval(timer)
  },
}
