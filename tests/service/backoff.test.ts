import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Backoff, retrying } from '../../src/runtime/backoff.ts'

const PAUSES = { firstMs: 100, longestMs: 500 }

test('pauses double up to the longest, and begin anew after a success', () => {
  const backoff = new Backoff(PAUSES)
  const next = (count: number) => Array.from({ length: count }, () => backoff.next())
  expect(next(5)).toEqual([100, 200, 400, 500, 500])
  backoff.reset()
  expect(next(2)).toEqual([100, 200])
})

test('a try of years later is no later than the longest pause', () => {
  const backoff = new Backoff(PAUSES)
  for (let i = 0; i < 2_000; i++) backoff.next()
  expect(backoff.next()).toBe(500)
})

describe('what is tried again', () => {
  let failures: number
  let tries: number[]
  let told: string[]
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    failures = 3
    tries = []
    told = []
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const attempt = async () => {
    tries.push(performance.now())
    if (failures-- > 0) throw new Error('away')
    return 'done'
  }
  const onFailed = (error: unknown, count: number) => told.push(`${(error as Error).message} ${count}`)

  test('succeeds after its pauses, and tells of each failure', async () => {
    const done = retrying(attempt, { ...PAUSES, onFailed })
    await vi.advanceTimersByTimeAsync(10_000)
    expect(await done).toBe('done')
    const began = tries[0] ?? 0
    expect(tries.map((at) => at - began)).toEqual([0, 100, 300, 700])
    expect(told).toEqual(['away 1', 'away 2', 'away 3'])
  })

  test('is given up with its last error when it has failed for that long', async () => {
    failures = 100
    const outcome = retrying(attempt, { ...PAUSES, giveUpAfterMs: 1_000, onFailed }).catch(
      ({ message }: Error) => message,
    )
    await vi.advanceTimersByTimeAsync(10_000)
    expect(await outcome).toBe('away')
    const began = tries[0] ?? 0
    expect(tries.map((at) => at - began)).toEqual([0, 100, 300, 700, 1_200])
    expect(told).toHaveLength(4)
  })
})
