import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { scaledClock } from '../../src/runtime/clock.ts'
import { startFrameClock } from '../../src/simulator/frame-clock.ts'

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'performance'],
  })
})
afterEach(() => {
  vi.useRealTimers()
})

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}

test('ticks fifty times a second, and not a tick more', () => {
  let ticks = 0
  const stop = startFrameClock(() => ticks++)
  vi.advanceTimersByTime(60_000)
  expect(ticks).toBe(3000)
  stop()
  expect(vi.getTimerCount()).toBe(0)
})

test('does not drift when a scale makes the timers uneven', () => {
  let ticks = 0
  const stop = startFrameClock(() => ticks++, scaledClock(1.03))
  vi.advanceTimersByTime(20_600)
  expect(Math.abs(ticks - 1000)).toBeLessThanOrEqual(1)
  stop()
})

test('makes up for a short stall, and lets a long one go', async () => {
  let ticks = 0
  const stop = startFrameClock(() => ticks++)
  let stalled = 0
  const now = performance.now.bind(performance)
  vi.spyOn(performance, 'now').mockImplementation(() => now() + stalled)
  stalled += 200
  vi.advanceTimersByTime(20)
  await turns(100)
  expect(ticks).toBe(11)
  stalled += 60_000
  vi.advanceTimersByTime(20)
  await turns(100)
  expect(ticks).toBe(11 + 50)
  stop()
})

test('can be stopped from within a tick', () => {
  let ticks = 0
  const stop = startFrameClock(() => {
    ticks++
    stop()
  })
  vi.advanceTimersByTime(1000)
  expect(ticks).toBe(1)
})

test('refuses a scale in which no time would pass', () => {
  expect(() => scaledClock(0)).toThrow(RangeError)
})
