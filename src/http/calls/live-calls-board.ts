import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LiveCall, LiveCallQueries } from '../../persistence/live-calls.ts'
import { AsyncSignal } from './event-stream.ts'

/** Five pictures a second look live to people, and bound what the feed asks of the database and of this process, which relays audio. */
const FRAME_MS = 200
/** News that got lost with a node is found by looking which calls have gone on; so is a database that is back. */
const REFRESH_MS = 2_000
/** More calls than this are read one part after the other, so that nothing else in the process waits for them. */
const MAX_READ = 100
/** Calls that are over are told for as long as a reader may have missed their end. */
const MAX_ENDED = 1_000

export type LiveCallsBoardOptions = {
  queries: Pick<LiveCallQueries, 'live' | 'these'>
  /** Calls back with the news of every call until the returned function is called. */
  follow: (follower: (change: { callId: string }) => void) => () => void
}

/** What a reader has to be told, as server-sent event, and where that leaves it. */
export type Frame = { text: string; position: string }

type Entry = { call: LiveCall; text: string; revision: number }

/**
 * All live calls, kept up to date from the news of all nodes while somebody looks. A call that changes often is read once a
 * frame, and a reader that is slow is told the latest of each call when it asks again: what lies between is nobody's business.
 */
export class LiveCallsBoard {
  readonly #options: LiveCallsBoardOptions
  readonly #calls = new Map<string, Entry>()
  readonly #changed = new Set<string>()
  readonly #readers = new Set<() => void>()
  readonly #news = new AsyncSignal()
  /** Names the time for which this board has followed the calls without a break; positions of another are void. */
  #epoch = ''
  #revision = 0
  /** Readers who were told less than this have missed the end of calls that were forgotten since. */
  #forgottenRevision = 0
  #latest: Frame | null = null
  #unfollow: (() => void) | null = null
  #begun: Promise<void> | null = null

  constructor(options: LiveCallsBoardOptions) {
    this.#options = options
  }

  get readers(): number {
    return this.#readers.size
  }

  /** Resolves when there is something to read; calls back when there is more, until the returned function is called. */
  async watch(onNews: () => void): Promise<() => void> {
    this.#readers.add(onNews)
    const leave = () => {
      this.#readers.delete(onNews)
      if (this.#readers.size === 0) this.#end()
    }
    try {
      this.#begun ??= this.#begin()
      await this.#begun
    } catch (error) {
      leave()
      throw error
    }
    return leave
  }

  /** What has happened since `position`; everything for who has none, or an old one; null when nothing has. */
  read(position: string | null): Frame | null {
    const seen = this.#revisionOf(position)
    if (seen === null)
      return this.#frame(
        'snapshot',
        this.#texts(({ call }) => call.endedAt === null),
      )
    if (seen === this.#revision) return null
    if (seen === this.#revision - 1 && this.#latest) return this.#latest
    return this.#frame(
      'changes',
      this.#texts(({ revision }) => revision > seen),
    )
  }

  async #begin(): Promise<void> {
    // From before the first read, so that nothing falls between the two.
    this.#unfollow = this.#options.follow(({ callId }) => {
      this.#changed.add(callId)
      this.#news.tell()
    })
    this.#epoch = randomBytes(6).toString('hex')
    const epoch = this.#epoch
    const live = await this.#readAll()
    if (this.#epoch !== epoch) return
    this.#apply(live)
    void this.#keepUp(epoch)
  }

  #end(): void {
    this.#unfollow?.()
    this.#unfollow = null
    this.#begun = null
    this.#epoch = ''
    this.#calls.clear()
    this.#changed.clear()
    this.#latest = null
    this.#news.tell()
  }

  async #keepUp(epoch: string): Promise<void> {
    let refreshedAt = performance.now()
    while (this.#epoch === epoch) {
      await this.#news.wait(Math.max(0, refreshedAt + REFRESH_MS - performance.now()))
      if (this.#epoch !== epoch) return
      try {
        const isStale = performance.now() >= refreshedAt + REFRESH_MS
        const read = isStale ? await this.#readAll() : await this.#readChanged()
        if (this.#epoch !== epoch) return
        if (isStale) refreshedAt = performance.now()
        this.#apply(read)
      } catch {
        // The database is away, which its own log lines tell; the next refresh finds what was missed.
      }
      await sleep(FRAME_MS)
    }
  }

  #readChanged(): Promise<LiveCall[]> {
    const ids = [...this.#changed]
    this.#changed.clear()
    return this.#readThese(ids)
  }

  /** All that are elsewhere than they were, also those that were live and are not any more. */
  async #readAll(): Promise<LiveCall[]> {
    const live = await this.#options.queries.live()
    const present = new Set(live.map(({ id }) => id))
    const moved = live.filter(({ id, seq }) => this.#calls.get(id)?.call.seq !== seq)
    const gone = [...this.#calls.values()].filter(({ call }) => !call.endedAt && !present.has(call.id))
    return this.#readThese([...moved.map(({ id }) => id), ...gone.map(({ call }) => call.id)])
  }

  async #readThese(ids: readonly string[]): Promise<LiveCall[]> {
    const read: LiveCall[] = []
    for (let first = 0; first < ids.length; first += MAX_READ) {
      read.push(...(await this.#options.queries.these(ids.slice(first, first + MAX_READ))))
    }
    return read
  }

  #apply(calls: LiveCall[]): void {
    const changed = calls.filter(({ id, seq }) => this.#calls.get(id)?.call.seq !== seq)
    if (changed.length === 0) return
    this.#revision++
    for (const call of changed) {
      // Whatever changed last stands last.
      this.#calls.delete(call.id)
      this.#calls.set(call.id, { call, text: JSON.stringify(call), revision: this.#revision })
    }
    this.#forgetOldEnds()
    this.#latest = this.#frame(
      'changes',
      this.#texts(({ revision }) => revision === this.#revision),
    )
    for (const tell of this.#readers) tell()
  }

  #forgetOldEnds(): void {
    const ended = [...this.#calls.values()].filter(({ call }) => call.endedAt !== null)
    for (const { call, revision } of ended.slice(0, Math.max(0, ended.length - MAX_ENDED))) {
      this.#calls.delete(call.id)
      this.#forgottenRevision = revision
    }
  }

  #texts(isWanted: (entry: Entry) => boolean): string[] {
    return [...this.#calls.values()].filter(isWanted).map(({ text }) => text)
  }

  #frame(event: 'snapshot' | 'changes', texts: string[]): Frame {
    const position = `${this.#epoch}.${this.#revision}`
    return { position, text: `id: ${position}\nevent: ${event}\ndata: [${texts.join(',')}]\n\n` }
  }

  /** Null when the reader has to be told everything. */
  #revisionOf(position: string | null): number | null {
    const [epoch, revision] = position?.split('.') ?? []
    if (epoch !== this.#epoch || !/^\d{1,15}$/.test(revision ?? '')) return null
    const seen = Number(revision)
    return seen >= this.#forgottenRevision && seen <= this.#revision ? seen : null
  }
}
