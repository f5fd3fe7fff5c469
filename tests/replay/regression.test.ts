import { describe, expect, test } from 'vitest'
import { differencesOf, regressionOf } from '../../src/replay/regression.ts'
import { asIfRecorded, recorded } from './recording.ts'

const changed = asIfRecorded(recorded(), 5, ({ snapshot }) => ({
  stateAfter: 'waiting',
  snapshot: snapshot && { ...snapshot, value: { live: { leg: 'waiting', voice: { settled: 'cloned' } } } },
}))

describe('a regression test of a call', () => {
  test('holds the chart to what was recorded', () => {
    expect(differencesOf(regressionOf(recorded(), 'recorded', null).fixture)).toEqual([])
    expect(differencesOf(regressionOf(changed, 'recorded', null).fixture)).toEqual([
      { seq: 5, type: 'media.joined', what: 'state', recorded: 'waiting', reproduced: 'bridged.connecting' },
    ])
  })

  test('holds it to what it does now when that is what is wanted', () => {
    const { fixture } = regressionOf(changed, 'today', null)
    expect(differencesOf(fixture)).toEqual([])
    expect(fixture.events[4]).toMatchObject({ stateBefore: 'joining', stateAfter: 'bridged.connecting' })
  })

  test('is called by how the call ended, the same each time, and otherwise for another call', () => {
    const { name } = regressionOf(recorded(), 'recorded', null)
    expect(name).toMatch(/^caller-hung-up-[0-9a-f]{8}$/)
    expect(regressionOf(recorded(), 'recorded', null).name).toBe(name)
    expect(regressionOf(changed, 'recorded', null).name).not.toBe(name)
    expect(regressionOf(recorded(), 'recorded', 'ann-is-gone').name).toBe('ann-is-gone')
    expect(regressionOf({ ...recorded(), outcome: null }, 'recorded', null).name).toMatch(/^still-live-/)
  })
})
