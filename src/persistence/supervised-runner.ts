import type { Runner } from 'graphile-worker'
import type { Logger } from 'pino'
import { Backoff } from '../runtime/backoff.ts'

const FIRST_RETRY_MS = 1_000
const LONGEST_RETRY_MS = 60_000

export type KeptRunnerOptions = {
  /** Begins a runner; called again when one has ended by itself. */
  begin: () => Promise<Runner>
  log: Logger
  firstRetryMs?: number
}

/**
 * A runner of graphile-worker that works until it is stopped. One may end by itself, at an error that it has no answer to:
 * another takes its place, after pauses that grow as long as none of them lasts.
 */
export class SupervisedRunner {
  readonly #options: Required<KeptRunnerOptions>
  #runner: Runner | null = null
  #begunAt = 0
  readonly #pauses: Backoff
  #retry: NodeJS.Timeout | null = null
  #beginning: Promise<void> = Promise.resolve()
  #isStopping = false

  constructor(options: KeptRunnerOptions) {
    this.#options = { firstRetryMs: FIRST_RETRY_MS, ...options }
    this.#pauses = new Backoff({ firstMs: this.#options.firstRetryMs, longestMs: LONGEST_RETRY_MS })
  }

  get isRunning(): boolean {
    return this.#runner !== null
  }

  /** Rejects when the first runner cannot be begun. */
  async start(): Promise<void> {
    const runner = await this.#options.begin()
    this.#runner = runner
    this.#begunAt = performance.now()
    const ended = (error?: unknown) => this.#ended(runner, error)
    runner.promise.then(() => ended(), ended)
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    if (this.#retry) clearTimeout(this.#retry)
    await this.#beginning
    await this.#runner?.stop()
  }

  #ended(runner: Runner, error: unknown): void {
    if (this.#runner !== runner || this.#isStopping) return
    this.#runner = null
    this.#options.log.error({ err: error }, 'the job queue ended by itself; it is begun anew')
    if (performance.now() - this.#begunAt > LONGEST_RETRY_MS) this.#pauses.reset()
    this.#beginLater()
  }

  #beginLater(): void {
    this.#retry = setTimeout(() => {
      this.#beginning = this.#beginAnew()
    }, this.#pauses.next())
  }

  async #beginAnew(): Promise<void> {
    try {
      await this.start()
    } catch (error) {
      this.#options.log.error({ err: error }, 'the job queue could not be begun anew; it is tried again')
      if (!this.#isStopping) this.#beginLater()
    }
  }
}
