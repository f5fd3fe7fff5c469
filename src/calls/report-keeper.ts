import type { Logger } from 'pino'
import type { CallEvent } from '../../machines/call-events.ts'
import { Backoff } from '../runtime/backoff.ts'
import type { Clock } from '../runtime/clock.ts'
import { withTimeout } from '../runtime/with-timeout.ts'
import type { CallAddress } from './store.ts'

/** What a carrier says once and never again, such as that a caller has hung up. `eventId` makes a repeated delivery change nothing. */
export type Report = { address: CallAddress; event: CallEvent; eventId: string }

/** `lost`: more came than can be kept, or the process ended; the call's own time limits decide then. */
export type ReportOutcome = 'taken' | 'unknown' | 'lost'

/** At a few hundred bytes each this is a megabyte or two. */
const CAPACITY = 5_000
/** So many are told at once when the database is back; more would only wait for a connection. */
const WIDTH = 8
const PAUSES = { firstMs: 100, longestMs: 2_000 }
/** A report may overtake the webhook that opens its call, and that one may be waiting in the database. */
const UNKNOWN_FOR_MS = 60_000
/** No call lasts longer, so that by then its own limit has ended it. */
const KEPT_FOR_MS = 4 * 3_600_000
/** How long a process that goes waits for the last tries. */
const LAST_TRY_MS = 1_000

/** `tried` resolves after the first try, `outcome` when no more is to be done. Neither rejects. */
export type KeptReport = { tried: Promise<void>; outcome: Promise<ReportOutcome> }

type Kept = {
  report: Report
  since: number
  dueAt: number
  pauses: Backoff
  isTold: boolean
  tried: PromiseWithResolvers<void>
  outcome: PromiseWithResolvers<ReportOutcome>
}

export type ReportKeeperOptions = {
  /** Says it to the call; false when there is no such call. Rejects while the database is away. */
  tell: (report: Report) => Promise<boolean>
  clock: Clock
  log: Logger
  capacity?: number
}

/**
 * Keeps the reports that are not repeated until their calls have taken them. While nothing can be written, one of them at a
 * time asks whether it can, with growing pauses.
 */
export class ReportKeeper {
  readonly #options: ReportKeeperOptions
  /** In the order in which they are to be tried. */
  readonly #kept = new Map<string, Kept>()
  #width = WIDTH
  readonly #pauses = new Backoff(PAUSES)
  #notBefore = 0
  #cancelTurn = () => {}
  #isStopped = false

  constructor(options: ReportKeeperOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#kept.size
  }

  /** It is kept when this returns. */
  keep(report: Report): KeptReport {
    const key = keyOf(report)
    const known = this.#kept.get(key)
    if (known) return seen(known)
    const now = this.#now()
    const kept = {
      report,
      since: now,
      dueAt: now,
      pauses: new Backoff(PAUSES),
      isTold: false,
      tried: Promise.withResolvers<void>(),
      outcome: Promise.withResolvers<ReportOutcome>(),
    }
    if (this.#kept.size >= (this.#options.capacity ?? CAPACITY)) this.#dropOldest()
    this.#kept.set(key, kept)
    void this.#tell(kept)
    return seen(kept)
  }

  /** One more try for each; what is left then is said in the log. */
  async stop(): Promise<void> {
    this.#cancelTurn()
    const last = [...this.#kept.values()].map((kept) => this.#tell(kept))
    await withTimeout(LAST_TRY_MS, Promise.all(last), '').catch(() => {})
    this.#isStopped = true
    this.#cancelTurn()
    for (const kept of this.#kept.values()) this.#lose(kept, 'this process ends')
  }

  #now(): number {
    return this.#options.clock.now()
  }

  async #tell(kept: Kept): Promise<void> {
    if (kept.isTold) return
    kept.isTold = true
    try {
      const isKnown = await this.#options.tell(kept.report)
      this.#width = WIDTH
      this.#pauses.reset()
      if (isKnown) this.#done(kept, 'taken')
      else this.#onUnknown(kept)
    } catch (error) {
      this.#onFailed(kept, error)
    }
    kept.isTold = false
    kept.tried.resolve()
    this.#plan()
  }

  #onUnknown(kept: Kept): void {
    if (this.#now() - kept.since >= UNKNOWN_FOR_MS) this.#done(kept, 'unknown')
    kept.dueAt = this.#now() + kept.pauses.next()
  }

  #onFailed(kept: Kept, error: unknown): void {
    const { log } = this.#options
    if (this.#now() - kept.since >= KEPT_FOR_MS) this.#lose(kept, 'it could not be written in all that time')
    if (this.#width > 1)
      log.warn({ err: error, kept: this.size }, 'a report could not be written; it is kept and tried again')
    this.#width = 1
    this.#notBefore = this.#now() + this.#pauses.next()
    if (!this.#kept.delete(keyOf(kept.report))) return
    // Behind the others, so that one that can never be written keeps nobody waiting.
    this.#kept.set(keyOf(kept.report), kept)
  }

  #plan(): void {
    this.#cancelTurn()
    if (this.#isStopped) return
    const due = [...this.#kept.values()].filter(({ isTold }) => !isTold).map(({ dueAt }) => dueAt)
    if (due.length === 0) return
    const first = due.reduce((earliest, each) => Math.min(earliest, each))
    const wait = Math.ceil(Math.max(first, this.#notBefore) - this.#now())
    this.#cancelTurn = this.#options.clock.after(Math.max(1, wait), () => this.#turn())
  }

  #turn(): void {
    const now = this.#now()
    const due = [...this.#kept.values()].filter(({ isTold, dueAt }) => !isTold && dueAt <= now)
    for (const kept of due.slice(0, this.#width)) void this.#tell(kept)
    // A timer of Node's may call back a millisecond early.
    this.#plan()
  }

  #dropOldest(): void {
    const oldest = [...this.#kept.values()].reduce((first, each) => (each.since < first.since ? each : first))
    this.#lose(oldest, 'more reports wait than can be kept')
  }

  #lose(kept: Kept, why: string): void {
    const { address, event } = kept.report
    this.#options.log.error(
      { ...address, event: event.type, why },
      "a report is lost; the call's own time limits end it",
    )
    this.#done(kept, 'lost')
  }

  #done(kept: Kept, outcome: ReportOutcome): void {
    this.#kept.delete(keyOf(kept.report))
    kept.outcome.resolve(outcome)
  }
}

const seen = ({ tried, outcome }: Kept): KeptReport => ({ tried: tried.promise, outcome: outcome.promise })

const keyOf = ({ address, eventId }: Report): string => JSON.stringify([address, eventId])
