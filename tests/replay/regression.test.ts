import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { UnreplayableCall } from '../../src/replay/recorded-call.ts'
import { differencesOf, type Expected, regressionOf, writeRegression } from '../../src/replay/regression.ts'
import { asIfRecorded, recorded, TALK } from './recording.ts'

const changed = asIfRecorded(recorded(), 5, ({ snapshot }) => ({
  stateAfter: 'waiting',
  snapshot: snapshot && { ...snapshot, value: { ...Object(snapshot.value), call: 'waiting' } },
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

/** Each is formatted by a process of its own. */
const PATIENCE_MS = 60_000

describe('a regression test that is there already', { timeout: PATIENCE_MS }, () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'precall-regressions-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  const write = (call = changed, expected: Expected = 'recorded', name = 'ann-is-gone') =>
    writeRegression(regressionOf(call, expected, name), folder)
  const testText = () => readFile(join(folder, 'ann-is-gone.test.ts'), 'utf8')

  test('is written anew from the same call, with what it is held to now', async () => {
    expect(await write()).toMatchObject({ isAnew: false })
    expect(await testText()).toContain('goes as it was recorded')
    expect(await write()).toMatchObject({ isAnew: true })
    expect(await write(changed, 'today')).toMatchObject({ isAnew: true })
    expect(await testText()).toContain('goes as the chart led it when this was written')
  })

  test('is written anew from a call that has gone on since', async () => {
    await write(recorded(TALK.slice(0, 3)), 'recorded', 'ann-talks')
    expect(await write(recorded(), 'recorded', 'ann-talks')).toMatchObject({ isAnew: true })
  })

  test('is not written over from another call, nor when nobody knows what it is', async () => {
    const another = recorded([[2_500, { type: 'leg.instructionsRequested' }]])
    await expect(write(another)).rejects.toThrow(/ann-is-gone\.json is there already, from another call/)
    await write(recorded([]), 'recorded', 'begun')
    await expect(write(another, 'recorded', 'begun')).rejects.toThrow(/from another call/)
    await writeFile(join(folder, 'by-hand.test.ts'), '')
    await expect(write(changed, 'recorded', 'by-hand')).rejects.toThrow(
      /by-hand\.test\.ts is there already, and is not of a call: choose another --name\.$/,
    )
    await writeFile(join(folder, 'broken.json'), '{')
    await expect(write(changed, 'recorded', 'broken')).rejects.toThrow(UnreplayableCall)
  })

  test('leaves out times that do not fit the timers of today, when it is to hold to today', async () => {
    const timer = { type: 'xstate.after.LEG_PATIENCE.leg.answered' } as const
    const early = recorded([[20_000, timer]])
    await write(early, 'today', 'early')
    const text = await readFile(join(folder, 'early.test.ts'), 'utf8')
    expect(text).toContain("differencesOf(call).filter(({ what }) => what !== 'timer')")
    await write(early, 'recorded', 'early')
    expect(await readFile(join(folder, 'early.test.ts'), 'utf8')).toContain(
      'expect(differencesOf(call)).toEqual([])',
    )
  })
})
