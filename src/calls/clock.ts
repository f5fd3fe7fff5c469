/** Spans of time are given, never taken: the service's clock is the machine's monotonic one, a test's is moved by hand. */
export interface Clock {
  /** Calls back once after `ms`; the returned function cancels it. */
  after(ms: number, callback: () => void): () => void
}

export const systemClock: Clock = {
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
}
