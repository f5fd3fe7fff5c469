import pino from 'pino'
import { beforeEach, describe, expect, it } from 'vitest'
import { type Report, ReportKeeper } from '../../src/calls/report-keeper.ts'
import { ManualClock } from '../support/manual-clock.ts'

const ended = (sid: string): Report => ({
  address: { provider: 'twilio', providerCallId: sid },
  event: { type: 'leg.ended', status: 'completed' },
  eventId: 'status:completed',
})
const sidOf = ({ address }: Report) => ('providerCallId' in address ? address.providerCallId : address.callId)

let clock: ManualClock
/** Whom it was told, one after the other. */
let taken: string[]
let tries: number
let isAway: boolean
let unknown: Set<string>
/** Reports whose statement never answers. */
let hanging: Set<string>

beforeEach(() => {
  clock = new ManualClock()
  taken = []
  tries = 0
  isAway = false
  unknown = new Set()
  hanging = new Set()
})

const keeper = (capacity?: number) =>
  new ReportKeeper({
    async tell(report) {
      tries++
      const sid = sidOf(report)
      if (hanging.has(sid)) await Promise.withResolvers().promise
      if (isAway) throw new Error('connection refused')
      if (unknown.has(sid)) return false
      taken.push(sid)
      return true
    },
    clock,
    log: pino({ level: 'silent' }),
    capacity,
  })

const settle = () => new Promise(setImmediate)
async function pass(ms: number, step = 100): Promise<void> {
  for (let passed = 0; passed < ms; passed += step) {
    clock.advance(step)
    await settle()
  }
}

describe('A report', () => {
  it('is told at once', async () => {
    const reports = keeper()
    expect(await reports.keep(ended('CA1')).outcome).toBe('taken')
    expect([taken, reports.size, clock.pending]).toEqual([['CA1'], 0, 0])
  })

  it('is told when the database is back, after few questions in between', async () => {
    const reports = keeper()
    isAway = true
    const outcomes = ['CA1', 'CA2', 'CA3'].map((sid) => reports.keep(ended(sid)).outcome)
    await pass(60_000)
    expect(tries).toBeLessThan(3 + 6 + 30)
    expect(taken).toEqual([])
    isAway = false
    await pass(2_100)
    expect(await Promise.all(outcomes)).toEqual(['taken', 'taken', 'taken'])
    expect(taken.toSorted()).toEqual(['CA1', 'CA2', 'CA3'])
    expect([reports.size, clock.pending]).toEqual([0, 0])
  })

  it('that comes twice is told once', async () => {
    const reports = keeper()
    isAway = true
    const both = [reports.keep(ended('CA1')).outcome, reports.keep(ended('CA1')).outcome]
    await settle()
    isAway = false
    await pass(200)
    expect(await Promise.all(both)).toEqual(['taken', 'taken'])
    expect(taken).toEqual(['CA1'])
  })

  it('that overtakes its call is told when that is written', async () => {
    const reports = keeper()
    unknown.add('CA1')
    const { outcome } = reports.keep(ended('CA1'))
    await pass(20_000)
    unknown.clear()
    await pass(2_100)
    expect(await outcome).toBe('taken')
  })

  it('of a call that nobody knows is given up after a minute', async () => {
    const reports = keeper()
    unknown.add('CA1')
    const { outcome } = reports.keep(ended('CA1'))
    await pass(63_000)
    expect(await outcome).toBe('unknown')
    expect([reports.size, clock.pending]).toEqual([0, 0])
  })

  it('that hangs in the database keeps no other waiting, and is not asked twice', async () => {
    const reports = keeper()
    hanging.add('CA1')
    reports.keep(ended('CA1'))
    expect(await reports.keep(ended('CA2')).outcome).toBe('taken')
    await pass(10_000)
    expect(tries).toBe(2)
  })

  it('is dropped for a newer one where no more can be kept', async () => {
    const reports = keeper(2)
    isAway = true
    const oldest = reports.keep(ended('CA1')).outcome
    reports.keep(ended('CA2'))
    reports.keep(ended('CA3'))
    expect(await oldest).toBe('lost')
    isAway = false
    await pass(2_100)
    expect(taken.toSorted()).toEqual(['CA2', 'CA3'])
  })

  it('is tried once more when the process goes', async () => {
    const reports = keeper()
    isAway = true
    const { outcome } = reports.keep(ended('CA1'))
    await settle()
    isAway = false
    await reports.stop()
    expect(await outcome).toBe('taken')
    expect(clock.pending).toBe(0)
  })

  it('is lost, in writing, when the database is away to the end', async () => {
    const reports = keeper()
    isAway = true
    const { outcome } = reports.keep(ended('CA1'))
    await reports.stop()
    expect(await outcome).toBe('lost')
    expect([reports.size, clock.pending]).toEqual([0, 0])
  })
})
