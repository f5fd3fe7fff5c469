import type { Clock } from '../runtime/clock.ts'

/** An actor's step, in short. */
export type ActorChange = { id: string; seq: number; state: string }

export type ActorFeedSource<View> = {
  read(id: string): Promise<View | null>
  /** Those of these actors that have made further steps. */
  findAhead(seen: { id: string; seq: number }[]): Promise<string[]>
}

/** News of another node may get lost with it; what came of it is then found by looking. */
const CATCH_UP_MS = 1_500

type Watcher<View> = (view: View) => void
type Follower = (change: ActorChange) => void

/**
 * Passes on what happens to actors of a kind. This node's own steps come with the actor's new state; of another node's only the news
 * arrives, and the state is read for those actors alone that someone here watches. Nobody is told an older state after a newer.
 */
export class ActorFeed<View extends { seq: number }> {
  readonly #source: ActorFeedSource<View>
  /** The last step that each watcher knows of; 0 until it is told one. */
  readonly #watchers = new Map<string, Map<Watcher<View>, number>>()
  readonly #followers = new Set<Follower>()
  #cancelLook: (() => void) | null = null
  #looking: Promise<void> = Promise.resolve()

  constructor(source: ActorFeedSource<View>) {
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

  /** Calls back with every change of one actor until the returned function is called. */
  watch(id: string, watcher: Watcher<View>): () => void {
    const watchers = this.#watchers.get(id) ?? new Map()
    this.#watchers.set(id, watchers.set(watcher, 0))
    return () => {
      watchers.delete(watcher)
      if (watchers.size === 0 && this.#watchers.get(id) === watchers) this.#watchers.delete(id)
    }
  }

  /** Calls back with the news of every actor until the returned function is called. */
  follow(follower: Follower): () => void {
    this.#followers.add(follower)
    return () => this.#followers.delete(follower)
  }

  stepped(change: ActorChange, view: View): void {
    this.#tellFollowers(change)
    this.#tellWatchers(change.id, view)
  }

  /** Another node's step. */
  async heard(change: ActorChange): Promise<void> {
    this.#tellFollowers(change)
    if (this.#lastSeen(change.id) < change.seq) await this.refresh(change.id)
  }

  /** News may have been missed: everyone who watches an actor that has gone on gets its present state. */
  async missed(): Promise<void> {
    const seen = [...this.#watchers.keys()].map((id) => ({ id, seq: this.#lastSeen(id) }))
    if (seen.length === 0) return
    const ahead = await this.#source.findAhead(seen)
    await Promise.all(ahead.map((id) => this.refresh(id)))
  }

  /** Whoever watches this actor and does not know its present state is told. */
  async refresh(id: string): Promise<void> {
    const now = await this.#source.read(id)
    if (now) this.#tellWatchers(id, now)
  }

  /** Of those who know least; of an actor that nobody watches there is nothing to be missed. */
  #lastSeen(id: string): number {
    return Math.min(...(this.#watchers.get(id)?.values() ?? []))
  }

  #tellWatchers(id: string, view: View): void {
    const watchers = this.#watchers.get(id)
    for (const [watcher, seen] of watchers ?? []) {
      if (seen >= view.seq) continue
      watchers?.set(watcher, view.seq)
      watcher(view)
    }
  }

  #tellFollowers(change: ActorChange): void {
    for (const follower of this.#followers) follower(change)
  }
}
