import pino from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type AskVendor, VendorCheck } from '../../src/node/vendor-health.ts'
import { neverLate } from '../support/never-late.ts'

const lines: { level: number; verdict: string }[] = []
const log = pino({}, { write: (line) => void lines.push(JSON.parse(line)) })
const told = () => lines.map(({ level, verdict }) => `${pino.levels.labels[level]} ${verdict}`)

let checks: VendorCheck[]
beforeEach(() => {
  vi.useFakeTimers()
  neverLate()
  lines.length = 0
  checks = []
})
afterEach(() => {
  for (const check of checks) check.stop()
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
  vi.restoreAllMocks()
})

function begin(ask: AskVendor): VendorCheck {
  const check = new VendorCheck({ name: 'vendor', ask, log })
  checks.push(check)
  check.start()
  return check
}

/** A vendor that gives these answers, and goes on with the last. */
function answering(...answers: string[]) {
  const ask = vi.fn(async () => (answers.length > 1 ? answers.shift() : answers[0]) ?? '')
  return { ask, check: begin(ask) }
}

describe('a vendor', () => {
  it('is asked before the first question is answered', async () => {
    expect(await answering('ok').check.read()).toBe('ok')
  })

  it('is asked once a minute, however often its health is read', async () => {
    const { ask, check } = answering('ok')
    for (let read = 0; read < 100; read++) await check.read()
    await vi.advanceTimersByTimeAsync(59_000)
    expect(ask).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(ask).toHaveBeenCalledTimes(2)
  })

  it('that refuses is asked again sooner, and every change is told of once', async () => {
    const { ask, check } = answering('key refused', 'key refused', 'ok')
    expect(await check.read()).toBe('key refused')
    await vi.advanceTimersByTimeAsync(15_000)
    expect(ask).toHaveBeenCalledTimes(2)
    expect(told()).toEqual(['warn key refused'])
    await vi.advanceTimersByTimeAsync(15_000)
    expect(await check.read()).toBe('ok')
    expect(told()).toEqual(['warn key refused', 'info ok'])
  })

  it('that fails to be asked is unreachable', async () => {
    expect(await begin(() => Promise.reject(new Error('It failed.'))).read()).toBe('unreachable')
  })

  it('that does not answer keeps nobody waiting', async () => {
    const check = begin(() => new Promise(() => {}))
    const read = check.read()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(await read).toBe('not checked yet')
  })

  it('is asked no more when the service stops', async () => {
    const signals: AbortSignal[] = []
    const { promise, resolve } = Promise.withResolvers<string>()
    const check = begin((signal) => {
      signals.push(signal)
      return promise
    })
    check.stop()
    expect(signals[0]?.aborted).toBe(true)
    resolve('ok')
    await vi.advanceTimersByTimeAsync(120_000)
    expect(signals).toHaveLength(1)
    expect(told()).toEqual([])
  })
})
