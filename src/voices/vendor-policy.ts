import {
  BrokenCircuitError,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  DelegateBackoff,
  ExponentialBackoff,
  handleWhen,
  type IBackoff,
  type IRetryBackoffContext,
  retry,
  TaskCancelledError,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel'
import { VendorError } from './ports.ts'

export type VendorPolicyOptions = {
  /** One request, from its first byte to the answer's last. */
  attemptTimeoutMs: number
  maxRetries: number
  firstDelayMs: number
  /** A vendor that asks for more patience than this is not waited for. */
  maxDelayMs: number
}

/** A clone takes 5 to 30 seconds; three tries of a slow vendor end soon after the last caller stopped waiting. */
export const CLONE_POLICY: VendorPolicyOptions = {
  attemptTimeoutMs: 60_000,
  maxRetries: 2,
  firstDelayMs: 500,
  maxDelayMs: 20_000,
}

/** So many failures in a row are no accident; asking on would only make callers wait for nothing. */
const FAILURES_TO_OPEN = 5
const HALF_OPEN_AFTER_MS = 30_000

/** Whether the vendor is left alone because it failed too often. */
export type VendorState = 'ok' | 'recovering' | 'failing'

/** Runs requests at the voice vendor: within their time, again where that may help, and not at all while it is down. */
export class VendorPolicy {
  readonly #breaker = circuitBreaker(
    handleWhen((error) => error instanceof VendorError && error.failure === 'unavailable'),
    { halfOpenAfter: HALF_OPEN_AFTER_MS, breaker: new ConsecutiveBreaker(FAILURES_TO_OPEN) },
  )
  readonly #options: VendorPolicyOptions
  readonly #policy

  constructor(options: VendorPolicyOptions = CLONE_POLICY) {
    this.#options = options
    const retrying = retry(
      handleWhen((error) => this.#mayHelpAgain(error)),
      { maxAttempts: options.maxRetries, backoff: backoffOf(options) },
    )
    this.#policy = wrap(retrying, this.#breaker)
  }

  get state(): VendorState {
    if (this.#breaker.state === CircuitState.Closed) return 'ok'
    return this.#breaker.state === CircuitState.HalfOpen ? 'recovering' : 'failing'
  }

  /** `attempt` counts from 0. Rejects with VendorError alone. */
  async run<Result>(
    request: (attempt: { signal: AbortSignal; attempt: number }) => Promise<Result>,
  ): Promise<Result> {
    try {
      return await this.#policy.execute(({ attempt }) =>
        this.#within((signal) => request({ signal, attempt: attempt ?? 0 })),
      )
    } catch (error) {
      if (error instanceof BrokenCircuitError) {
        throw new VendorError(
          'unavailable',
          'The voice vendor failed too often; it is asked again in a while.',
          { cause: error },
        )
      }
      throw error
    }
  }

  async #within<Result>(request: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const limit = timeout(this.#options.attemptTimeoutMs, TimeoutStrategy.Aggressive)
    try {
      return await limit.execute(({ signal }) => request(signal))
    } catch (error) {
      if (!(error instanceof TaskCancelledError)) throw error
      throw new VendorError('unavailable', `No answer within ${this.#options.attemptTimeoutMs / 1000} s.`, {
        cause: error,
      })
    }
  }

  #mayHelpAgain(error: unknown): boolean {
    if (!(error instanceof VendorError)) return false
    if (error.failure === 'unavailable') return true
    return error.failure === 'rate_limited' && (error.retryAfterMs ?? 0) <= this.#options.maxDelayMs
  }
}

/** The vendor's own wish where it has one; else growing pauses with jitter, so that nodes do not come back together. */
function backoffOf({ firstDelayMs, maxDelayMs }: VendorPolicyOptions) {
  const growing = new ExponentialBackoff({ initialDelay: firstDelayMs, maxDelay: maxDelayMs })
  return new DelegateBackoff<IRetryBackoffContext<unknown>, IBackoff<unknown>>((failed, before) => {
    const state = before?.next(failed) ?? growing.next()
    const error = 'error' in failed.result ? failed.result.error : null
    const wish = error instanceof VendorError ? error.retryAfterMs : null
    return { delay: wish ?? state.duration, state }
  })
}
