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

/** A clone takes 5 to 30 seconds; one that comes too late for its caller still serves the next. */
const CLONE_POLICY: VendorPolicyOptions = {
  attemptTimeoutMs: 60_000,
  maxRetries: 2,
  firstDelayMs: 500,
  maxDelayMs: 20_000,
}

/** So many failures without a success between are no accident; asking on would only make callers wait for nothing. */
const FAILURES_TO_OPEN = 5
const HALF_OPEN_AFTER_MS = 30_000

const NEVER = new AbortController().signal

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

  /**
   * Runs `request` until it succeeds or no other try may help. It must obey its signal: no try begins while the one
   * before it is under way. Rejects with VendorError, or with the reason of `stop` as soon as that aborts.
   */
  async run<Result>(
    request: (signal: AbortSignal) => Promise<Result>,
    stop: AbortSignal = NEVER,
  ): Promise<Result> {
    try {
      return await untilAborted(
        this.#policy.execute(() => this.#attempt(request, stop), stop),
        stop,
      )
    } catch (error) {
      if (!(error instanceof BrokenCircuitError)) throw error
      const why = 'The voice vendor failed too often; it is asked again in a while.'
      throw new VendorError('unavailable', why, { cause: error })
    }
  }

  async #attempt<Result>(
    request: (signal: AbortSignal) => Promise<Result>,
    stop: AbortSignal,
  ): Promise<Result> {
    const { attemptTimeoutMs } = this.#options
    const limit = AbortSignal.timeout(attemptTimeoutMs)
    try {
      return await request(AbortSignal.any([limit, stop]))
    } catch (error) {
      stop.throwIfAborted()
      if (!limit.aborted) throw error
      const why = `No answer within ${attemptTimeoutMs / 1000} s.`
      throw new VendorError('unavailable', why, { cause: error })
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

/** The pause before another try does not end by itself when the node stops. */
async function untilAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = () => reject(signal.reason)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
