import { expect, test } from 'vitest'
import { ClockOffset, clockVerdict } from '../../src/persistence/clock-offset.ts'

test('a clock is compared with the middle of the exchange', () => {
  const clock = new ClockOffset()
  expect(clock.verdict).toBe('not measured yet')
  clock.measured({ before: 10_000, tripMs: 80, databaseMs: 10_040 })
  expect(clock.offsetMs).toBe(0)
  clock.measured({ before: 70_000, tripMs: 80, databaseMs: 10_040 })
  expect(clock.offsetMs).toBe(60_000)
  expect(clock.verdict).toBe('60.0 s ahead of the database')
})

test('an answer that took long does not replace a better measure', () => {
  const clock = new ClockOffset()
  clock.measured({ before: 10_000, tripMs: 3_000, databaseMs: 10_000 })
  expect(clock.offsetMs).toBe(1_500)
  clock.measured({ before: 10_000, tripMs: 20, databaseMs: 10_010 })
  clock.measured({ before: 10_000, tripMs: 3_000, databaseMs: 10_000 })
  expect(clock.offsetMs).toBe(0)
})

test('two seconds are told of, ahead or behind', () => {
  expect([2_000, -2_000].map(clockVerdict)).toEqual(['ok', 'ok'])
  expect(clockVerdict(-2_500)).toBe('2.5 s behind the database')
})
