import { describe, expect, it } from 'vitest'
import { chaosOptions } from './options.ts'
import { planOf } from './plan.ts'

const planned = (...args: string[]) => planOf(chaosOptions(args))

describe('A plan of chaos', () => {
  it('is the same for the same seed, and another for another', () => {
    const [one, again, other] = [planned('--seed', '7'), planned('--seed', '7'), planned('--seed', '8')]
    expect(again).toEqual(one)
    expect(other).not.toEqual(one)
  })

  it('has as many calls and faults as are asked for, in the order of time', () => {
    const plan = planned('--calls', '50', '--kills', '4', '--drains', '3', '--stops', '2', '--cuts', '1')
    const kinds = plan.nodeFaults.map(({ kind }) => kind).sort()
    expect(plan.calls).toHaveLength(50)
    expect(kinds).toEqual(['cut', 'drain', 'drain', 'drain', 'kill', 'kill', 'kill', 'kill', 'stop', 'stop'])
    for (const { atMs } of [...plan.calls, ...plan.nodeFaults])
      expect(atMs).toBeLessThanOrEqual(plan.durationMs)
    const times = plan.nodeFaults.map(({ atMs }) => atMs)
    expect(times).toEqual([...times].sort((one, another) => one - another))
  })

  it('leaves the calls as they are when only the faults are others', () => {
    const [few, more] = [planned('--seed', '7', '--vendor', '1'), planned('--seed', '7', '--vendor', '9')]
    expect(more.calls).toEqual(few.calls)
    expect(more.nodeFaults).toEqual(few.nodeFaults)
  })

  it('chooses from the kinds of faults that are asked for', () => {
    const { worldFaults } = planned(
      '--vendor',
      '5',
      '--carrier',
      '5',
      '--sessions',
      '0',
      '--only',
      'voice-deleted',
    )
    expect(worldFaults.map(({ kind }) => kind)).toEqual(Array.from({ length: 5 }, () => 'voice-deleted'))
  })

  it('is refused with words when an argument is wrong', () => {
    expect(() => chaosOptions(['--calls', 'many'])).toThrow('--calls: many is not a number')
    expect(() => chaosOptions(['--nodes', '1'])).toThrow('--nodes')
    expect(() => chaosOptions(['--kill', '1'])).toThrow('--kill')
  })
})
