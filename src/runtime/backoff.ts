import { ExponentialBackoff, handleWhen, type IBackoff, noJitterGenerator, retry } from 'cockatiel'

/* Pauses between tries, each twice as long as the one before it, up to the longest. */

export type Pauses = { firstMs: number; longestMs: number }

/** For whoever waits by a timer of their own. */
export class Backoff {
  readonly #growing: ExponentialBackoff<unknown>
  #last: IBackoff<unknown> | null = null

  constructor(pauses: Pauses) {
    this.#growing = growing(pauses)
  }

  /** How many milliseconds to wait before the next try. */
  next(): number {
    this.#last = this.#last === null ? this.#growing.next() : this.#last.next(undefined)
    return this.#last.duration
  }

  /** After a success: the next pause is the first one again. */
  reset(): void {
    this.#last = null
  }
}

export type Retrying = Pauses & {
  /** Rejects with the last error then; by default it is tried for ever. */
  giveUpAfterMs?: number
  /** Told of each failure after which it is tried again; `attempt` counts from 1. */
  onFailed: (error: unknown, attempt: number) => void
}

/** Tries until it succeeds. Nobody is kept from ending the process by it. */
export function retrying<Result>(
  work: () => Promise<Result>,
  { giveUpAfterMs = Number.POSITIVE_INFINITY, onFailed, ...pauses }: Retrying,
): Promise<Result> {
  const begunAt = performance.now()
  const isWorthIt = handleWhen(() => performance.now() - begunAt <= giveUpAfterMs)
  const policy = retry(isWorthIt, { backoff: growing(pauses) }).dangerouslyUnref()
  policy.onRetry((failed) => {
    if ('error' in failed) onFailed(failed.error, failed.attempt)
  })
  return policy.execute(work)
}

/** Without jitter: what is tried again here is a process's own, and not a vendor whom all nodes ask at once. */
const growing = ({ firstMs, longestMs }: Pauses) =>
  new ExponentialBackoff({ initialDelay: firstMs, maxDelay: longestMs, generator: noJitterGenerator })
