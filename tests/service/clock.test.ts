import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Clock, scaledClock } from '../../src/runtime/clock.ts'
import { ManualClock } from '../support/manual-clock.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Each clock, and how so many of its milliseconds pass. */
function clocks(): [string, Clock, (ms: number) => void][] {
  const manual = new ManualClock()
  return [
    ['the machine’s', scaledClock(1), (ms) => vi.advanceTimersByTime(ms)],
    ['one that is twice as fast', scaledClock(0.5), (ms) => vi.advanceTimersByTime(ms / 2)],
    ['one turned by hand', manual, (ms) => manual.advance(ms)],
  ]
}

test.each(clocks().map(([name], index) => [name, index] as const))('%s keeps time', async (_, index) => {
  const [, clock, pass] = clocks()[index] as [string, Clock, (ms: number) => void]
  const called: string[] = []
  const [began, awake] = [clock.now(), clock.awake()]
  clock.after(100, () => called.push('after'))
  const cancel = clock.after(100, () => called.push('cancelled'))
  const stop = clock.every(40, () => called.push('every'))
  cancel()
  pass(80)
  expect(called).toEqual(['every', 'every'])
  expect(clock.now() - began).toBe(80)
  expect(clock.awake() - awake).toBeGreaterThan(0)
  stop()
  pass(80)
  expect(called).toEqual(['every', 'every', 'after'])
})

test('what is past is called in a turn of its own, unless it is cancelled before', async () => {
  const called: string[] = []
  const clock = scaledClock(1)
  clock.after(0, () => called.push('now'))
  clock.after(-5, () => called.push('late'))
  clock.after(0, () => called.push('cancelled'))()
  expect(called).toEqual([])
  await turn()
  expect(called).toEqual(['now', 'late'])
})

test('a clock in which no time would pass is refused', () => {
  expect(() => scaledClock(0)).toThrow(RangeError)
  expect(() => scaledClock(Number.NaN)).toThrow(RangeError)
})
