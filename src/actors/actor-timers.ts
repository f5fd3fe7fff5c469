import type { Logger } from 'pino'
import type { Clock } from '../runtime/clock.ts'
import type { TimerAddress } from './actor-store.ts'
import { named } from './named.ts'

/** How often the timers of all nodes are looked through for what is due and nobody fired. */
const SWEEP_MS = 1_000
/** Timers further away than this are left to the sweep: most are cancelled long before. */
const HORIZON_MS = 60_000
const SWEEP_LIMIT = 200
/** Due timers that are fired at once: webhooks need connections of the same pool. */
const AT_ONCE = 4

export type ActorTimersOptions = {
  kind: string
  clock: Clock
  store: {
    dueTimers(limit: number): Promise<TimerAddress[]>
    postponeTimer(timer: TimerAddress): Promise<number>
  }
  /** Resolves with false when another process is to fire the timer. Rejects when it could not be fired. */
  fire: (timer: TimerAddress) => Promise<boolean>
  log: Logger
}

/**
 * Fires what is due. The due times live in the database and are compared with its clock; the timers in here only make this
 * node prompt. What a dead node left behind is found by the sweep of any other, and the store lets each timer fire once.
 */
export class ActorTimers {
  readonly #options: ActorTimersOptions
  readonly #armed = new Map<string, () => void>()
  #cancelSweep: (() => void) | null = null
  #stopped = false
  readonly #firing = new Set<Promise<unknown>>()

  constructor(options: ActorTimersOptions) {
    this.#options = options
  }

  start(): void {
    this.#track(this.#sweep())
  }

  set({ delayMs, ...timer }: TimerAddress & { delayMs: number }): void {
    this.cancel(timer)
    if (delayMs > HORIZON_MS || this.#stopped) return
    const key = keyOf(timer)
    const cancel = this.#options.clock.after(delayMs, () => {
      this.#armed.delete(key)
      this.#track(this.#fireOne(timer))
    })
    this.#armed.set(key, cancel)
  }

  cancel(timer: TimerAddress): void {
    const key = keyOf(timer)
    this.#armed.get(key)?.()
    this.#armed.delete(key)
  }

  /** Forgets what is armed here and waits for what is firing; the due times stay in the database. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancelSweep?.()
    for (const cancel of this.#armed.values()) cancel()
    this.#armed.clear()
    await Promise.all(this.#firing)
  }

  async #sweep(): Promise<void> {
    let hasMore = false
    try {
      const due = await this.#options.store.dueTimers(SWEEP_LIMIT)
      hasMore = due.length === SWEEP_LIMIT
      const fired = await Promise.all(Array.from({ length: AT_ONCE }, () => this.#fireInTurn(due)))
      hasMore &&= fired.some((any) => any)
    } catch (error) {
      this.#options.log.warn({ err: error }, 'looking for due timers failed; it is tried again in a second')
    }
    // After an outage more may be due than one look finds.
    const pauseMs = hasMore ? 0 : SWEEP_MS
    if (!this.#stopped)
      this.#cancelSweep = this.#options.clock.after(pauseMs, () => this.#track(this.#sweep()))
  }

  /** Resolves with whether any of them is no longer due. */
  async #fireInTurn(due: TimerAddress[]): Promise<boolean> {
    let isAnyDone = false
    for (let timer = due.shift(); timer && !this.#stopped; timer = due.shift())
      if (await this.#fireOne(timer)) isAnyDone = true
    return isAnyDone
  }

  async #fireOne(timer: TimerAddress): Promise<boolean> {
    try {
      return await this.#options.fire(timer)
    } catch (error) {
      await this.#postpone(timer, error as Error)
      return true
    }
  }

  /** Told once for each timer, however often it fails. */
  async #postpone(timer: TimerAddress, cause: Error): Promise<void> {
    const { kind, log } = this.#options
    const told = { err: cause, ...named(kind, timer.id), timerId: timer.timerId }
    try {
      const failures = await this.#options.store.postponeTimer(timer)
      if (failures === 1) log.warn(told, 'a timer could not be fired; it is tried again, ever less often')
    } catch {
      log.warn(told, 'a timer could not be fired; the next sweep tries again')
    }
  }

  #track(work: Promise<unknown>): void {
    this.#firing.add(work)
    const over = () => this.#firing.delete(work)
    void work.then(over, over)
  }
}

const keyOf = ({ id, timerId }: TimerAddress) => `${id} ${timerId}`
