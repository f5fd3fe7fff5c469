import type { Runner } from 'graphile-worker'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SupervisedRunner } from '../../src/persistence/supervised-runner.ts'

/** A runner that ends when it is told to, by itself or by whoever keeps it. */
class ScriptedRunner {
  readonly promise: Promise<void>
  readonly end: (error?: Error) => void
  isStopped = false

  constructor() {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.promise = promise
    this.end = (error) => (error ? reject(error) : resolve())
  }

  async stop(): Promise<void> {
    this.isStopped = true
    this.end()
  }
}

const log = pino({ level: 'silent' })
let runners: ScriptedRunner[]
/** Why no runner can be begun; null while one can. */
let fault: Error | null
let kept: SupervisedRunner

beforeEach(async () => {
  vi.useFakeTimers()
  runners = []
  fault = null
  kept = new SupervisedRunner({
    log,
    begin: async () => {
      if (fault) throw fault
      const runner = new ScriptedRunner()
      runners.push(runner)
      return runner as unknown as Runner
    },
  })
  await kept.start()
})
afterEach(async () => {
  await kept.stop()
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

const endLast = async (error?: Error) => {
  runners.at(-1)?.end(error)
  await vi.advanceTimersByTimeAsync(0)
}

describe('a runner', () => {
  it.each([undefined, new Error('It failed.')])(
    'that ends by itself with %s is begun anew',
    async (error) => {
      await endLast(error)
      expect(kept.isRunning).toBe(false)
      await vi.advanceTimersByTimeAsync(1_000)
      expect(kept.isRunning).toBe(true)
      expect(runners).toHaveLength(2)
    },
  )

  it('that ends again and again is begun after ever longer pauses, of a minute at most', async () => {
    const pauses: number[] = []
    for (let end = 0; end < 8; end++) {
      const begun = Date.now()
      await endLast()
      while (!kept.isRunning) await vi.advanceTimersByTimeAsync(1_000)
      pauses.push((Date.now() - begun) / 1_000)
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60])
  })

  it('that lasted is begun after a short pause again', async () => {
    for (let end = 0; end < 4; end++) {
      await endLast()
      await vi.advanceTimersByTimeAsync(60_000)
    }
    await vi.advanceTimersByTimeAsync(61_000)
    await endLast()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(kept.isRunning).toBe(true)
  })

  it('that cannot be begun is tried again until it can', async () => {
    fault = new Error('The database is away.')
    await endLast()
    await vi.advanceTimersByTimeAsync(30_000)
    expect(kept.isRunning).toBe(false)
    fault = null
    await vi.advanceTimersByTimeAsync(60_000)
    expect(kept.isRunning).toBe(true)
  })

  it('that is stopped stays so, also in the pause before another', async () => {
    await endLast()
    await kept.stop()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(runners).toHaveLength(1)
  })

  it('that is stopped has been told to', async () => {
    await kept.stop()
    expect(runners[0]?.isStopped).toBe(true)
  })
})

it('the first of all must begin', async () => {
  fault = new Error('The database is away.')
  await expect(new SupervisedRunner({ log, begin: () => Promise.reject(fault) }).start()).rejects.toThrow(
    /away/,
  )
})
