/*
 * A process whose event loop stands still hears nobody, and its time-outs then call everybody else dead. The time for which
 * it stood still is measured here, so that it can be taken off.
 */

/** One telephone frame: often enough to see what a caller would hear. */
const TICK_MS = 20
/** A tick that comes one frame late is ordinary; what goes beyond counts. */
const TOLERANCE_MS = 20
/** Longer than the longest span that anybody asks about. */
const WINDOW_MS = 120_000

type Stall = { endedAt: number; lateMs: number }

export type LoopDelayOptions = {
  /** Milliseconds that only grow. */
  now: () => number
  /** Called with each stall when it is over, in milliseconds. */
  onStall?: (lateMs: number) => void
}

/** How late one event loop has been. */
export class LoopDelay {
  readonly #now: () => number
  #onStall: (lateMs: number) => void
  #tickedAt: number
  #totalMs = 0
  #stalls: Stall[] = []

  constructor({ now, onStall = () => {} }: LoopDelayOptions) {
    this.#now = now
    this.#onStall = onStall
    this.#tickedAt = now()
  }

  /** To be called by a timer each 20 ms. */
  tick(): void {
    const now = this.#now()
    const lateMs = this.#presentMs(now)
    this.#tickedAt = now
    if (lateMs === 0) return
    this.#totalMs += lateMs
    this.#stalls.push({ endedAt: now, lateMs })
    this.#stalls = this.#stalls.filter(({ endedAt }) => now - endedAt < WINDOW_MS)
    this.#onStall(lateMs)
  }

  /** Whoever wants to hear of each stall, instead of whoever did before. */
  tell(onStall: (lateMs: number) => void): void {
    this.#onStall = onStall
  }

  /** Milliseconds of standing still since the beginning, the present stall included; only grows. */
  get totalMs(): number {
    return this.#totalMs + this.#presentMs(this.#now())
  }

  /** How many of the last `ms` milliseconds, of two minutes at most, the loop stood still. */
  lateWithin(ms: number): number {
    const now = this.#now()
    const since = now - ms
    const present = Math.min(ms, this.#presentMs(now))
    const past = this.#stalls.map(({ endedAt, lateMs }) => Math.max(0, Math.min(lateMs, endedAt - since)))
    return past.reduce((sum, lateMs) => sum + lateMs, present)
  }

  /**
   * Calls back when `ms` milliseconds have passed in which the loop could hear others; the returned function cancels it.
   * A stall makes it later by as long, so that what arrived meanwhile is read first.
   */
  after(ms: number, callback: () => void): () => void {
    let countedMs = this.totalMs
    let timer: NodeJS.Timeout
    const arm = (waitMs: number): void => {
      timer = setTimeout(() => {
        const owedMs = this.totalMs - countedMs
        countedMs += owedMs
        if (owedMs > 0) arm(owedMs)
        else callback()
      }, waitMs)
    }
    arm(ms)
    return () => clearTimeout(timer)
  }

  #presentMs(now: number): number {
    return Math.max(0, now - this.#tickedAt - TICK_MS - TOLERANCE_MS)
  }
}

const { now } = performance

/** That of this very thread. */
export const loopDelay = new LoopDelay({ now: now.bind(performance) })

/** Milliseconds in which this thread could hear others; they only grow. For spans of somebody else's silence. */
export const awakeMs = (): number => performance.now() - loopDelay.totalMs

setInterval(() => loopDelay.tick(), TICK_MS).unref()
