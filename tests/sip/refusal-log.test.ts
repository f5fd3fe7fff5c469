import pino from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RefusalLog } from '../../src/telephony/sip/refusal-log.ts'

const MINUTE = 60_000
const TRUNK = '198.51.100.7'

describe('The log of refused callers', () => {
  let lines: Record<string, unknown>[]
  let refusals: RefusalLog
  beforeEach(() => {
    vi.useFakeTimers()
    lines = []
    refusals = new RefusalLog(pino({ base: null }, { write: (line) => lines.push(JSON.parse(line)) }))
  })
  afterEach(() => {
    expect(vi.getTimerCount()).toBeLessThanOrEqual(1)
    vi.useRealTimers()
  })

  const refuse = (reason: string, address = TRUNK, status = 403) =>
    refusals.refused({ address, status, reason })
  const told = () => lines.splice(0).map(({ address, reason, requests }) => [address, reason, requests])

  it('tells of each address and reason at once, and why', () => {
    refuse('sip_forbidden')
    refuse('sip_unknown_number')
    refuse('sip_forbidden', '203.0.113.1')
    expect(lines[0]).toMatchObject({ why: expect.stringContaining('SIP_TRUNKS'), status: 403 })
    expect(told()).toEqual([
      [TRUNK, 'sip_forbidden', 1],
      [TRUNK, 'sip_unknown_number', 1],
      ['203.0.113.1', 'sip_forbidden', 1],
    ])
  })

  it('then how often since, once a minute, until a minute passes without', () => {
    for (let i = 0; i < 500; i++) refuse('sip_forbidden')
    expect(told()).toHaveLength(1)
    vi.advanceTimersByTime(MINUTE)
    expect(told()).toEqual([[TRUNK, 'sip_forbidden', 499]])
    vi.advanceTimersByTime(MINUTE)
    expect(told()).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
    refuse('sip_forbidden')
    expect(told()).toEqual([[TRUNK, 'sip_forbidden', 1]])
  })

  it('tells little of a flood from everywhere, and remembers little', () => {
    for (let i = 0; i < 100_000; i++) refuse('sip_forbidden', `10.0.${i >> 8}.${i & 255}`)
    expect(told()).toHaveLength(20)
    vi.advanceTimersByTime(MINUTE)
    expect(lines).toEqual([expect.objectContaining({ requests: 99_980 })])
  })

  it('of a phone that is asked for its password, and gives it, nothing', () => {
    refuse('sip_challenged', TRUNK, 407)
    refusals.authenticated(TRUNK)
    vi.advanceTimersByTime(MINUTE)
    expect(told()).toEqual([])
  })

  it('of one that gives none, after a minute; of a wrong one, at once and only that', () => {
    refuse('sip_challenged', TRUNK, 407)
    refuse('sip_challenged', '203.0.113.1', 407)
    expect(told()).toEqual([])
    refuse('sip_wrong_password', '203.0.113.1', 407)
    expect(told()).toEqual([['203.0.113.1', 'sip_wrong_password', 1]])
    vi.advanceTimersByTime(MINUTE)
    expect(told()).toEqual([[TRUNK, 'sip_challenged', 1]])
  })

  it('of what is told of elsewhere, or is no fault of theirs, nothing', () => {
    refuse('sip_full', TRUNK, 503)
    expect(vi.getTimerCount()).toBe(0)
    expect(told()).toEqual([])
  })
})
