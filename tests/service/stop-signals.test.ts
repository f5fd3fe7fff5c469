import { expect, test } from 'vitest'
import { stopRequests } from '../../src/composition/stop-signals.ts'

test('a second request is one that comes a second later; npm passes the first on within milliseconds', () => {
  const asked: string[] = []
  let now = 0
  const receive = stopRequests(
    { stop: (signal) => asked.push(signal), hurry: () => asked.push('hurry') },
    { now: () => now },
  )
  const at = (ms: number, signal: NodeJS.Signals) => {
    now = ms
    receive(signal)
  }
  at(0, 'SIGINT')
  at(3, 'SIGINT')
  at(999, 'SIGTERM')
  expect(asked).toEqual(['SIGINT'])
  at(1_000, 'SIGTERM')
  at(1_004, 'SIGTERM')
  expect(asked).toEqual(['SIGINT', 'hurry'])
  at(2_100, 'SIGTERM')
  expect(asked).toEqual(['SIGINT', 'hurry'])
})
