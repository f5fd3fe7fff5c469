import { useSyncExternalStore } from 'react'

/** What is going on in a chart: how many calls each state has, and the lines that were just gone along. */
export type Activity = {
  counts: ReadonlyMap<string, number>
  /** By edge; the number grows with every passage, so that the same line can light up again. */
  passages: ReadonlyMap<string, number>
  /** The states and lines that the one call has come by so far. */
  trail: ReadonlySet<string>
}

const QUIET: Activity = { counts: new Map(), passages: new Map(), trail: new Set() }

/** Kept beside React: at several pictures a second only the states and lines that change are drawn anew. */
export class ActivityStore {
  #activity = QUIET
  #most = 0
  readonly #listeners = new Set<() => void>()

  set(activity: Activity): void {
    this.#activity = activity
    this.#most = Math.max(0, ...activity.counts.values())
    for (const listener of this.#listeners) listener()
  }

  /** Each edge once more. */
  pass(edges: Iterable<string>): void {
    const passages = new Map(this.#activity.passages)
    for (const edge of edges) passages.set(edge, (passages.get(edge) ?? 0) + 1)
    this.set({ ...this.#activity, passages })
  }

  leaveTrail(trail: ReadonlySet<string>): void {
    this.set({ ...this.#activity, trail })
  }

  count(counts: ReadonlyMap<string, number>): void {
    this.set({ ...this.#activity, counts })
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly countOf = (state: string): number => this.#activity.counts.get(state) ?? 0
  readonly passagesOf = (edge: string): number => this.#activity.passages.get(edge) ?? 0
  readonly isOnTrail = (id: string): boolean => this.#activity.trail.has(id)
  get most(): number {
    return this.#most
  }
}

export const useCount = (store: ActivityStore, state: string): number =>
  useSyncExternalStore(store.subscribe, () => store.countOf(state))

/** From 0 to 1: how much of all calls the fullest state's share this state has, in steps that the eye can tell apart. */
export const useHeat = (store: ActivityStore, state: string): number =>
  useSyncExternalStore(store.subscribe, () => {
    const share = store.countOf(state) / Math.max(1, store.most)
    return Math.round(Math.sqrt(share) * 10) / 10
  })

export const useTrail = (store: ActivityStore, id: string): boolean =>
  useSyncExternalStore(store.subscribe, () => store.isOnTrail(id))

export const usePassages = (store: ActivityStore, edge: string): number =>
  useSyncExternalStore(store.subscribe, () => store.passagesOf(edge))
