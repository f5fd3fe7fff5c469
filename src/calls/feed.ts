import type { CallView } from '../../machines/instructions.ts'
import type { Clock } from '../runtime/clock.ts'

export type CallChange = { callId: string; seq: number; state: string }

export type CallFeedSource = {
  read(callId: string): Promise<CallView | null>
  /** Those of these calls that have made further steps. */
  findAhead(seen: { callId: string; seq: number }[]): Promise<string[]>
}

/** News of another node may get lost with it; what came of it is then found by looking. */
const CATCH_UP_MS = 1_500

type Watcher = (view: CallView) => void
type Follower = (change: CallChange) => void

/**
 * Passes on what happens to calls. This node's own steps come with the call's new state; of another node's only the news
 * arrives, and the state is read for those calls alone that someone here watches. Nobody is told an older state after a newer.
 */
export class CallFeed {
  readonly #source: CallFeedSource
  /** The last step that each watcher knows of; 0 until it is told one. */
  readonly #watchers = new Map<string, Map<Watcher, number>>()
  readonly #followers = new Set<Follower>()
  #cancelLook: (() => void) | null = null
  #looking: Promise<void> = Promise.resolve()

  constructor(source: CallFeedSource) {
    this.#source = source
  }

  /** Looks for what was missed from now on, while anybody watches. */
  start(clock: Clock): void {
    this.#cancelLook = clock.after(CATCH_UP_MS, () => {
      // A database that is away is told of by others, and looked at again.
      this.#looking = this.missed().catch(() => {})
      void this.#looking.then(() => this.#cancelLook && this.start(clock))
    })
  }

  async stop(): Promise<void> {
    this.#cancelLook?.()
    this.#cancelLook = null
    await this.#looking
  }

  /** Calls back with every change of one call until the returned function is called. */
  watch(callId: string, watcher: Watcher): () => void {
    const watchers = this.#watchers.get(callId) ?? new Map()
    this.#watchers.set(callId, watchers.set(watcher, 0))
    return () => {
      watchers.delete(watcher)
      if (watchers.size === 0 && this.#watchers.get(callId) === watchers) this.#watchers.delete(callId)
    }
  }

  /** Calls back with the news of every call until the returned function is called. */
  follow(follower: Follower): () => void {
    this.#followers.add(follower)
    return () => this.#followers.delete(follower)
  }

  stepped(change: CallChange, view: CallView): void {
    this.#tellFollowers(change)
    this.#tellWatchers(change.callId, view)
  }

  /** Another node's step. */
  async heard(change: CallChange): Promise<void> {
    this.#tellFollowers(change)
    if (this.#lastSeen(change.callId) < change.seq) await this.refresh(change.callId)
  }

  /** News may have been missed: everyone who watches a call that has gone on gets its present state. */
  async missed(): Promise<void> {
    const seen = [...this.#watchers.keys()].map((callId) => ({ callId, seq: this.#lastSeen(callId) }))
    if (seen.length === 0) return
    const ahead = await this.#source.findAhead(seen)
    await Promise.all(ahead.map((callId) => this.refresh(callId)))
  }

  /** Whoever watches this call and does not know its present state is told. */
  async refresh(callId: string): Promise<void> {
    const now = await this.#source.read(callId)
    if (now) this.#tellWatchers(callId, now)
  }

  /** Of those who know least; of a call that nobody watches there is nothing to be missed. */
  #lastSeen(callId: string): number {
    return Math.min(...(this.#watchers.get(callId)?.values() ?? []))
  }

  #tellWatchers(callId: string, view: CallView): void {
    const watchers = this.#watchers.get(callId)
    for (const [watcher, seen] of watchers ?? []) {
      if (seen >= view.seq) continue
      watchers?.set(watcher, view.seq)
      watcher(view)
    }
  }

  #tellFollowers(change: CallChange): void {
    for (const follower of this.#followers) follower(change)
  }
}
