/** Time as the relay knows it; given, so that tests can turn it by hand. */
export type Clock = {
  /** Milliseconds that only grow; for spans. */
  now(): number
  /** The time of day; for what is written down. */
  date(): Date
  /** Calls `tick` every `periodMs` milliseconds until the returned function is called. */
  every(periodMs: number, tick: () => void): () => void
}

export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => new Date(),
  every: (periodMs, tick) => {
    const timer = setInterval(tick, periodMs)
    return () => clearInterval(timer)
  },
}
