import { setTimeout as sleep } from 'node:timers/promises'
import type { World } from '../support/world.ts'
import type { FaultLog } from './fault-log.ts'
import { liveSids } from './records.ts'

const LOOK_EVERY_MS = 500
/** The old session of a call that was handed over may be open for so long beside the new one. */
const HAND_OVER_MS = 4_000
/**
 * A call whose end the carrier could tell is over at once; any other when nothing else is heard of it. What was told while the
 * database was away is kept in the memory of a process, which may be killed before it can be written.
 */
const STUCK_AFTER_MS = 15_000
const UNTOLD_STUCK_AFTER_MS = 45_000
/** While a node hangs or is cut off, its sockets are open and its words unwritten; a moment later they are not. */
const CUT = /^cut-/
const EXCUSES = /^(stop|cut-)/
const RECOVERY_MS = 6_000

/** What must be seen of a call to watch it. */
export type WatchedCall = {
  readonly sid: string
  readonly endedAt: number | null
  /** The service has taken the carrier's word on how the call ended. */
  readonly isTold: boolean
  /** The conversations of this call that are open. */
  readonly conversationIds: readonly string[]
}

type Scene<Call> = { world: World; faults: FaultLog; calls: readonly Call[] }

/** Looks at all live calls, all the time, for what must never be: two agents for one caller, or a call without one. */
export class Watch<Call extends WatchedCall> {
  readonly doubled = new Set<Call>()
  readonly stuck = new Set<Call>()
  readonly #scene: Scene<Call>
  readonly #stopping = new AbortController()
  readonly #pairs = new Map<Call, number>()
  readonly #watching: Promise<void>

  constructor(scene: Scene<Call>) {
    this.#scene = scene
    this.#watching = this.#watch()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#watching
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const now = Date.now()
      const excuses = this.#scene.faults.between(now - RECOVERY_MS, now)
      if (!excuses.some(({ kind }) => EXCUSES.test(kind))) await this.look()
      else this.#pairs.clear()
      await sleep(LOOK_EVERY_MS, null, { signal }).catch(() => {})
    }
  }

  async look(now = Date.now()): Promise<void> {
    for (const call of this.#scene.calls) this.#lookForPair(call, now)
    const live = new Set(await liveSids(this.#scene.world.db))
    for (const call of this.#scene.calls) {
      if (call.endedAt === null) continue
      const cut = this.#scene.faults.between(call.endedAt, call.endedAt).find(({ kind }) => CUT.test(kind))
      const since = cut ? (cut.until ?? now) : call.endedAt
      const patience = call.isTold && !cut ? STUCK_AFTER_MS : UNTOLD_STUCK_AFTER_MS
      if (now - since > patience && live.has(call.sid)) this.stuck.add(call)
    }
  }

  #lookForPair(call: Call, now: number): void {
    if (call.endedAt !== null || call.conversationIds.length < 2) return void this.#pairs.delete(call)
    const since = this.#pairs.get(call) ?? now
    this.#pairs.set(call, since)
    if (now - since > HAND_OVER_MS) this.doubled.add(call)
  }
}
