import { setTimeout as sleep } from 'node:timers/promises'

const TICK_MS = 25
/** How far the lane of nodes may be behind the plan before time goes slower; twice as far behind, it stands still. */
const MOST_BEHIND_MS = 5_000
const BEHIND_SHARE = 0.04
const SLOWED = 0.2

/** As long as a node's start may take for the plan to be kept; on a slower machine all of it goes slower. */
const PLANNED_START_MS = 4_000
const SLOWEST = 0.3

/**
 * The time of the plan. It is real time, and slower where nodes start slowly, and slower still while the nodes take longer for a fault than the plan thinks, so that on
 * a busy machine, too, every fault is begun and meets calls.
 */
export class PlanClock {
  #now = 0
  #ticked = performance.now()
  readonly #ticking: NodeJS.Timeout
  readonly #behindMs: number
  readonly #pace: number
  /** When the fault that nobody has begun yet is due. */
  nextNodeFaultMs = Number.POSITIVE_INFINITY

  constructor(durationMs: number, startMs: number) {
    this.#pace = Math.min(1, Math.max(SLOWEST, PLANNED_START_MS / startMs))
    this.#behindMs = Math.min(MOST_BEHIND_MS, durationMs * BEHIND_SHARE)
    this.#ticking = setInterval(() => this.#tick(), TICK_MS)
  }

  get now(): number {
    return this.#now
  }

  stop(): void {
    clearInterval(this.#ticking)
  }

  /** Resolves at that time of the plan with true, or with false when it is no longer waited for. */
  async until(atMs: number, signal: AbortSignal): Promise<boolean> {
    while (this.#now < atMs && !signal.aborted)
      await sleep(Math.max(1, atMs - this.#now), null, { signal }).catch(() => {})
    return !signal.aborted
  }

  #tick(): void {
    const ticked = performance.now()
    this.#now += (ticked - this.#ticked) * this.#pace * this.#speed()
    this.#ticked = ticked
  }

  #speed(): number {
    const behind = this.#now - this.nextNodeFaultMs
    if (behind < this.#behindMs) return 1
    return behind < 2 * this.#behindMs ? SLOWED : 0
  }
}
