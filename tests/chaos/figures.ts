import { loadavg } from 'node:os'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { quantile } from '../bench/figures.ts'

export type Spread = { count: number; p50: number; p99: number; max: number }

/** In whole milliseconds; zeros when there is nothing. */
export function spreadOf(values: readonly number[]): Spread {
  const at = (share: number) => (values.length === 0 ? 0 : Math.round(quantile([...values], share)))
  return { count: values.length, p50: at(0.5), p99: at(0.99), max: at(1) }
}

/** A carrier and vendor that come later than this make figures of their own. */
const LATE_P99_MS = 100
const LATE_MAX_MS = 1_500
const NANOSECONDS = 1e6
/** The histogram measures a timer, and counts the time that it waits on purpose. */
const RESOLUTION_MS = 10

/** How late this process is itself, which plays the callers, the carrier, the vendor and the load balancer. */
export class Lateness {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  readonly #load: number[] = []
  readonly #sampling: NodeJS.Timeout

  constructor() {
    this.#histogram.enable()
    this.#sampling = setInterval(() => this.#load.push(loadavg()[0] ?? 0), 5_000)
  }

  stop(): { p99: number; max: number; isLate: boolean; load: number } {
    clearInterval(this.#sampling)
    this.#histogram.disable()
    const ms = (nanoseconds: number) => Math.max(0, Math.round(nanoseconds / NANOSECONDS - RESOLUTION_MS))
    const [p99, max] = [ms(this.#histogram.percentile(99)), ms(this.#histogram.max)]
    const load = Math.max(loadavg()[0] ?? 0, ...this.#load)
    return { p99, max, isLate: p99 > LATE_P99_MS || max > LATE_MAX_MS, load: Math.round(load * 10) / 10 }
  }
}
