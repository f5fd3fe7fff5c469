import type { Logger } from 'pino'
import type { Clock } from './clock.ts'
import type { CallStore, DueTimer } from './store.ts'

/** How often the timers of all nodes are looked through for what is due and nobody fired. */
const SWEEP_MS = 1_000
/** Timers further away than this are left to the sweep: most are cancelled long before. */
const HORIZON_MS = 60_000
const SWEEP_LIMIT = 200

/**
 * Fires what is due. The due times live in the database; the timers in here only make this node prompt. What a dead node
 * left behind is found by the sweep of any other, and the store lets each timer fire once.
 */
export class CallTimers {
  readonly #clock: Clock
  readonly #store: CallStore
  readonly #fire: (timer: { callId: string; timerId: string }) => Promise<void>
  readonly #log: Logger
  readonly #armed = new Map<string, () => void>()
  #cancelSweep: (() => void) | null = null
  #stopped = false
  readonly #firing = new Set<Promise<void>>()

  constructor(
    clock: Clock,
    store: CallStore,
    fire: (timer: { callId: string; timerId: string }) => Promise<void>,
    log: Logger,
  ) {
    this.#clock = clock
    this.#store = store
    this.#fire = fire
    this.#log = log
  }

  start(): void {
    this.#track(this.#sweep())
  }

  set({ callId, timerId, dueAt }: DueTimer): void {
    this.cancel(callId, timerId)
    const wait = dueAt.getTime() - this.#clock.now().getTime()
    if (wait > HORIZON_MS || this.#stopped) return
    const key = keyOf(callId, timerId)
    const cancel = this.#clock.after(Math.max(0, wait), () => {
      this.#armed.delete(key)
      this.#track(this.#fireOne({ callId, timerId }))
    })
    this.#armed.set(key, cancel)
  }

  cancel(callId: string, timerId: string): void {
    const key = keyOf(callId, timerId)
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
    try {
      const due = await this.#store.dueTimers(this.#clock.now(), SWEEP_LIMIT)
      for (const timer of due) await this.#fireOne(timer)
    } catch (error) {
      this.#log.warn({ err: error }, 'looking for due timers failed; it is tried again in a second')
    }
    if (!this.#stopped) this.#cancelSweep = this.#clock.after(SWEEP_MS, () => this.#track(this.#sweep()))
  }

  async #fireOne(timer: { callId: string; timerId: string }): Promise<void> {
    try {
      await this.#fire(timer)
    } catch (error) {
      this.#log.warn({ err: error, ...timer }, 'a timer could not be fired; the next sweep tries again')
    }
  }

  #track(work: Promise<void>): void {
    this.#firing.add(work)
    work.finally(() => this.#firing.delete(work))
  }
}

const keyOf = (callId: string, timerId: string) => `${callId} ${timerId}`
