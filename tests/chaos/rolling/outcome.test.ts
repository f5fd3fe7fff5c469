import { describe, expect, it } from 'vitest'
import { brokenPromises, countsOf, type JudgedCall, placeTable, toldOf } from './outcome.ts'

const WELL: JudgedCall = {
  number: 1,
  carrier: 'twilio',
  place: 'talking',
  callId: 'call-1',
  wasThere: true,
  isUpgraded: false,
  end: 'as planned',
  why: 'caller_hung_up',
  also: [],
  told: ['12:00 leg.ended: bridged -> ended'],
}
const CALLS: JudgedCall[] = [
  WELL,
  { ...WELL, number: 2, carrier: 'sip', isUpgraded: true, end: 'with its holder' },
  { ...WELL, number: 3, wasThere: false, end: 'lost', why: 'silence', also: ['stuck'] },
]

describe('The outcome of a rolling update', () => {
  it('has a row for each place over each carrier, and one for all', () => {
    const rows = placeTable(CALLS)
      .split('\n')
      .map((row) => row.split(/ {2,}/))
    expect(rows).toContainEqual(['talking', 'twilio', '2', '1', '1', '0', 'lost stuck'])
    expect(rows).toContainEqual(['talking', 'sip', '1', '1', '0', '1', '-'])
    expect(rows).toContainEqual(['departing', 'twilio', '0', '0', '0', '0', '-'])
    expect(rows.at(-1)).toEqual(['all', 'both', '3', '2', '1', '1', 'lost stuck'])
    expect(rows.some(([place, carrier]) => place === 'departing' && carrier === 'sip')).toBe(false)
  })

  it('counts what is broken, and nothing else breaks a promise', () => {
    const counts = countsOf(CALLS)
    expect(counts).toMatchObject({
      calls: 3,
      there: 2,
      upgraded: 1,
      asPlanned: 1,
      withHolder: 1,
      lost: 1,
      stuck: 1,
    })
    expect(brokenPromises({ ...counts, jobsLeft: 0, voicesLeft: 0, left: 2 })).toEqual([
      'lost',
      'stuck',
      'left',
    ])
    expect(brokenPromises({ ...countsOf([WELL]), jobsLeft: 0, voicesLeft: 0, left: 0 })).toEqual([])
  })

  it('tells all of a call that something is wrong with', () => {
    const told = toldOf(CALLS[2] as JudgedCall)
    expect(told).toMatch(
      /^LOST, STUCK: silence\n {2}call number 3 .* call-1, meant to be at talking over twilio\n/,
    )
    expect(told).toContain('leg.ended: bridged -> ended')
  })
})
