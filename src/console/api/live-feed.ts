import type { FeedCall } from '../../http/calls/feed-routes.ts'
import { Store } from '../store.ts'
import { read } from './calls-api.ts'
import { serviceNow } from './service-clock.ts'

export type LiveCall = FeedCall

/** A call that changed, and as it was known before; null when it was not. */
export type Change = { call: LiveCall; before: LiveCall | null }

export type FeedNow = { status: 'connecting' | 'live' | 'lost'; calls: ReadonlyMap<string, LiveCall> }

const RETRY_MS = 2_000
/** Two beats and a half: a connection that is silent for longer is dead, though the browser may not know. */
const SILENCE_MS = 25_000
/** Long enough to see that a call ended, and why. */
const KEEP_ENDED_MS = 6_000

/** All live calls. It rests while the page cannot be seen, and begins with a fresh picture when it can. */
export class LiveFeed {
  readonly now = new Store<FeedNow>({ status: 'connecting', calls: new Map() })
  readonly #onChanges: (changes: Change[]) => void
  readonly #watch: ReturnType<typeof setInterval>
  #source: EventSource | null = null
  #retry: ReturnType<typeof setTimeout> | undefined
  #heardAt = 0

  constructor(onChanges: (changes: Change[]) => void) {
    this.#onChanges = onChanges
    this.#watch = setInterval(() => this.#tick(), 1_000)
    document.addEventListener('visibilitychange', this.#restOrWake)
    this.#connect()
  }

  close(): void {
    clearInterval(this.#watch)
    document.removeEventListener('visibilitychange', this.#restOrWake)
    this.#disconnect()
  }

  readonly #restOrWake = (): void => {
    if (document.hidden) this.#disconnect()
    else if (this.#source === null) this.#connect()
  }

  #connect(): void {
    this.#disconnect()
    if (document.hidden) return
    const source = new EventSource('/api/v1/feed')
    this.#source = source
    this.#heardAt = Date.now()
    source.addEventListener('snapshot', ({ data }: MessageEvent<string>) => this.#begin(JSON.parse(data)))
    source.addEventListener('changes', ({ data }: MessageEvent<string>) => this.#change(JSON.parse(data)))
    source.addEventListener('beat', () => {
      this.#heardAt = Date.now()
    })
    source.onerror = () => {
      this.#set('lost')
      if (source.readyState === EventSource.CLOSED) this.#reconnectLater()
    }
  }

  #disconnect(): void {
    clearTimeout(this.#retry)
    this.#source?.close()
    this.#source = null
  }

  /** A stream cannot tell why it was refused; an ordinary question can, and has an ended session begun anew. */
  #reconnectLater(): void {
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => {
      read('/console/config').then(
        () => this.#connect(),
        () => this.#reconnectLater(),
      )
    }, RETRY_MS)
  }

  #begin(calls: LiveCall[]): void {
    this.#heardAt = Date.now()
    this.now.set({ status: 'live', calls: new Map(calls.map((call) => [call.id, call])) })
    this.#onChanges([])
  }

  #change(changed: LiveCall[]): void {
    this.#heardAt = Date.now()
    const calls = new Map(this.now.get().calls)
    const changes = changed.map((call) => ({ call, before: calls.get(call.id) ?? null }))
    for (const call of changed) calls.set(call.id, call)
    this.now.set({ status: 'live', calls })
    this.#onChanges(changes)
  }

  #tick(): void {
    if (this.#source && Date.now() - this.#heardAt > SILENCE_MS) {
      this.#set('lost')
      this.#connect()
    }
    this.#forgetEnded()
  }

  #forgetEnded(): void {
    const { status, calls } = this.now.get()
    const gone = [...calls.values()].filter(
      ({ endedAt }) => endedAt !== null && serviceNow() - Date.parse(endedAt) > KEEP_ENDED_MS,
    )
    if (gone.length === 0) return
    const left = new Map(calls)
    for (const { id } of gone) left.delete(id)
    this.now.set({ status, calls: left })
    this.#onChanges([])
  }

  #set(status: FeedNow['status']): void {
    this.now.set({ ...this.now.get(), status })
  }
}
