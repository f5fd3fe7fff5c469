import type { CallView } from '../../machines/instructions.ts'

export type CallChange = { callId: string; seq: number; state: string }

type Watcher = (view: CallView) => void
type Follower = (change: CallChange) => void

/**
 * Passes on what happens to calls. This node's own steps come with the call's new state; of another node's only the news
 * arrives, and the state is read for those calls alone that someone here watches.
 */
export class CallFeed {
  readonly #read: (callId: string) => Promise<CallView | null>
  readonly #watchers = new Map<string, Set<Watcher>>()
  readonly #followers = new Set<Follower>()

  constructor(read: (callId: string) => Promise<CallView | null>) {
    this.#read = read
  }

  /** Calls back with every change of one call until the returned function is called. */
  watch(callId: string, watcher: Watcher): () => void {
    const watchers = this.#watchers.get(callId) ?? new Set()
    this.#watchers.set(callId, watchers.add(watcher))
    return () => {
      watchers.delete(watcher)
      if (watchers.size === 0) this.#watchers.delete(callId)
    }
  }

  /** Calls back with the news of every call until the returned function is called. */
  follow(follower: Follower): () => void {
    this.#followers.add(follower)
    return () => this.#followers.delete(follower)
  }

  stepped(change: CallChange, view: CallView): void {
    this.#tellFollowers(change)
    for (const watcher of this.#watchers.get(change.callId) ?? []) watcher(view)
  }

  /** Another node's step. */
  async heard(change: CallChange): Promise<void> {
    this.#tellFollowers(change)
    await this.#refresh(change.callId)
  }

  /** News may have been missed: everyone who watches gets the present state. */
  async missed(): Promise<void> {
    await Promise.all([...this.#watchers.keys()].map((callId) => this.#refresh(callId)))
  }

  async #refresh(callId: string): Promise<void> {
    if (!this.#watchers.has(callId)) return
    const view = await this.#read(callId)
    if (view) for (const watcher of this.#watchers.get(callId) ?? []) watcher(view)
  }

  #tellFollowers(change: CallChange): void {
    for (const follower of this.#followers) follower(change)
  }
}
