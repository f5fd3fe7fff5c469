import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { VendorError, type VendorFailure } from '../../src/voices/ports.ts'
import { VendorPolicy } from '../../src/voices/vendor-policy.ts'

const OPTIONS = { attemptTimeoutMs: 60_000, maxRetries: 2, firstDelayMs: 500, maxDelayMs: 20_000 }

const down = () => new VendorError('unavailable', 'Down.')
const busy = (retryAfterMs: number | null) => new VendorError('rate_limited', 'Busy.', { retryAfterMs })

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

/** What became of a request, as soon as it is known. */
function watch<Result>(request: Promise<Result>): { outcome: () => unknown } {
  let outcome: unknown = 'under way'
  request.then(
    (result) => {
      outcome = result
    },
    (error: unknown) => {
      outcome = error
    },
  )
  return { outcome: () => outcome }
}

/** Fails so often that the vendor is left alone. */
async function open(policy: VendorPolicy): Promise<void> {
  const request = vi.fn(() => Promise.reject(down()))
  const [first, second] = [watch(policy.run(request)), watch(policy.run(request))]
  await vi.runAllTimersAsync()
  expect([first.outcome(), second.outcome()]).toEqual([expect.any(VendorError), expect.any(VendorError)])
  expect(policy.state).toBe('failing')
}

describe('a request to the vendor', () => {
  it('is made once when it succeeds', async () => {
    const request = vi.fn(async () => 'voice')
    expect(await new VendorPolicy(OPTIONS).run(request)).toBe('voice')
    expect(request).toHaveBeenCalledOnce()
  })

  it('is tried again, a little later each time, while the vendor is down', async () => {
    const begun: number[] = []
    const request = vi.fn(async () => {
      begun.push(Date.now())
      if (begun.length < 3) throw down()
      return 'voice'
    })
    const run = watch(new VendorPolicy(OPTIONS).run(request))
    await vi.runAllTimersAsync()
    expect(run.outcome()).toBe('voice')
    expect((begun.at(-1) ?? 0) - (begun[0] ?? 0)).toBeLessThan(5_000)
  })

  it('is given up with the last answer after three tries', async () => {
    const request = vi.fn(() =>
      Promise.reject(new VendorError('unavailable', `Down ${request.mock.calls.length}.`)),
    )
    const run = watch(new VendorPolicy(OPTIONS).run(request))
    await vi.runAllTimersAsync()
    expect(run.outcome()).toMatchObject({ failure: 'unavailable', message: 'Down 3.' })
  })

  it.each<VendorFailure>(['unauthorized', 'rejected', 'slots_full', 'quota_exceeded'])(
    'is not tried again when it was %s',
    async (failure) => {
      const request = vi.fn(() => Promise.reject(new VendorError(failure, 'No.')))
      await expect(new VendorPolicy(OPTIONS).run(request)).rejects.toMatchObject({ failure })
      expect(request).toHaveBeenCalledOnce()
    },
  )

  it('is not tried again when the fault is ours', async () => {
    const request = vi.fn(() => Promise.reject(new TypeError('A defect.')))
    await expect(new VendorPolicy(OPTIONS).run(request)).rejects.toThrow('A defect.')
    expect(request).toHaveBeenCalledOnce()
  })

  it('waits for as long as the vendor asks', async () => {
    const request = vi
      .fn()
      .mockRejectedValueOnce(busy(7_000))
      .mockRejectedValueOnce(busy(3_000))
      .mockResolvedValue(1)
    const run = watch(new VendorPolicy(OPTIONS).run(request))
    await vi.advanceTimersByTimeAsync(6_999)
    expect(request).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(request).toHaveBeenCalledTimes(2)
    await vi.advanceTimersByTimeAsync(2_999)
    expect(run.outcome()).toBe('under way')
    await vi.advanceTimersByTimeAsync(1)
    expect(run.outcome()).toBe(1)
  })

  it('does not wait for a vendor that asks for too much patience', async () => {
    const request = vi.fn(() => Promise.reject(busy(20_001)))
    await expect(new VendorPolicy(OPTIONS).run(request)).rejects.toMatchObject({ failure: 'rate_limited' })
    expect(request).toHaveBeenCalledOnce()
  })

  it('that takes too long is called off before the next try begins', async () => {
    let underWay = 0
    let most = 0
    const request = vi.fn(async (signal: AbortSignal) => {
      most = Math.max(most, ++underWay)
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      await Promise.resolve()
      underWay--
      throw signal.reason
    })
    vi.useRealTimers()
    const policy = new VendorPolicy({ ...OPTIONS, attemptTimeoutMs: 10, firstDelayMs: 1 })
    await expect(policy.run(request)).rejects.toMatchObject({
      failure: 'unavailable',
      message: 'No answer within 0.01 s.',
    })
    expect(request).toHaveBeenCalledTimes(3)
    expect(most).toBe(1)
    vi.useFakeTimers()
  })

  it('ends at once when the node stops, in a try or between two', async () => {
    const reason = new Error('The node stops.')
    const inTry = new AbortController()
    const hanging = watch(
      new VendorPolicy(OPTIONS).run(
        (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
        inTry.signal,
      ),
    )
    const between = new AbortController()
    const request = vi.fn(() => Promise.reject(busy(10_000)))
    const waiting = watch(new VendorPolicy(OPTIONS).run(request, between.signal))
    await vi.advanceTimersByTimeAsync(100)
    inTry.abort(reason)
    between.abort(reason)
    await vi.advanceTimersByTimeAsync(0)
    expect([hanging.outcome(), waiting.outcome()]).toEqual([reason, reason])
    await vi.runAllTimersAsync()
    expect(request.mock.calls.length).toBeLessThanOrEqual(2)
  })
})

describe('a vendor that fails again and again', () => {
  it('is left alone for half a minute, then tried once, and used again when that succeeds', async () => {
    const policy = new VendorPolicy(OPTIONS)
    await open(policy)
    const request = vi.fn(async () => 'voice')
    await expect(policy.run(request)).rejects.toMatchObject({
      failure: 'unavailable',
      message: expect.stringContaining('asked again in a while'),
    })
    expect(request).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(30_000)
    expect(await policy.run(request)).toBe('voice')
    expect(policy.state).toBe('ok')
  })

  it('is left alone again when the one try fails', async () => {
    const policy = new VendorPolicy(OPTIONS)
    await open(policy)
    await vi.advanceTimersByTimeAsync(30_000)
    const request = vi.fn(() => Promise.reject(down()))
    const run = watch(policy.run(request))
    await vi.runAllTimersAsync()
    expect(run.outcome()).toMatchObject({ failure: 'unavailable' })
    expect(request).toHaveBeenCalledOnce()
    expect(policy.state).toBe('failing')
  })

  it('is up when it refuses with good reason', async () => {
    const policy = new VendorPolicy(OPTIONS)
    await open(policy)
    await vi.advanceTimersByTimeAsync(30_000)
    const refusal = policy.run(() => Promise.reject(new VendorError('rejected', 'Too short.')))
    await expect(refusal).rejects.toMatchObject({ failure: 'rejected' })
    expect(policy.state).toBe('ok')
  })

  it('is tried by one request while the others wait', async () => {
    const policy = new VendorPolicy(OPTIONS)
    await open(policy)
    await vi.advanceTimersByTimeAsync(30_000)
    const { promise, resolve } = Promise.withResolvers<string>()
    const request = vi.fn(() => promise)
    const runs = [policy.run(request), policy.run(request), policy.run(request)]
    await vi.advanceTimersByTimeAsync(0)
    expect(request).toHaveBeenCalledOnce()
    expect(policy.state).toBe('recovering')
    resolve('voice')
    expect(await Promise.all(runs)).toEqual(['voice', 'voice', 'voice'])
  })

  it('is not one that only refuses', async () => {
    const policy = new VendorPolicy(OPTIONS)
    for (let i = 0; i < 10; i++) {
      await policy.run(() => Promise.reject(new VendorError('rejected', 'No.'))).catch(() => {})
    }
    expect(policy.state).toBe('ok')
  })
})
