import { describe, expect, it } from 'vitest'
import { rollingOptions } from './options.ts'
import { PLACES_OVER, rollingPlan } from './plan.ts'

const planned = (...args: string[]) => rollingPlan(rollingOptions(['--from', 'HEAD', ...args]))

describe('A plan of a rolling update', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(planned('--seed', '7')).toEqual(planned('--seed', '7'))
    expect(planned('--seed', '8')).not.toEqual(planned('--seed', '7'))
  })

  it('spreads calls evenly over both carriers, and over each of them to every place', () => {
    const plan = planned('--calls', '48', '--seed', '1')
    for (const carrier of ['twilio', 'sip'] as const) {
      const places = plan.filter((call) => call.carrier === carrier).map(({ place }) => place)
      const counts = PLACES_OVER[carrier].map((place) => places.filter((each) => each === place).length)
      expect(places).toHaveLength(24)
      expect(Math.min(...counts)).toBeGreaterThanOrEqual(2)
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
    }
  })

  it('has no call outlive the old version that its place ends', () => {
    const ending = planned('--calls', '200', '--seed', '1').filter(({ endsBy }) => endsBy === 'place')
    expect(new Set(ending.map(({ place }) => place))).toEqual(new Set(['departing', 'closing', 'failed']))
    expect(ending.filter(({ outlives }) => outlives)).toEqual([])
  })

  it('is refused with words when an argument is wrong', () => {
    expect(() => rollingOptions([])).toThrow('--from')
    expect(() => planned('--calls', '0')).toThrow('--calls: 0 is not a whole number of 1 or more')
    expect(() => planned('--kills', '1')).toThrow('--kills')
  })
})
