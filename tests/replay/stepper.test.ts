import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { replay } from '../../src/replay/replay.ts'
import { placeAfter, stepThrough } from '../../src/replay/stepper.ts'
import { asIfRecorded, recorded } from './recording.ts'

const changed = replay(asIfRecorded(recorded(), 5, () => ({ stateAfter: 'waiting' })))

const key = (name: string, more: { shift?: boolean; ctrl?: boolean } = {}) => ({ name, ...more })

test.each([
  ['the next', key('right'), 3, 4],
  ['the next', key('space'), 3, 4],
  ['none after the last', key('right'), 7, 7],
  ['the one before', key('left'), 3, 2],
  ['none before the first', key('left'), 0, 0],
  ['the first', key('g'), 3, 0],
  ['the last', key('g', { shift: true }), 3, 7],
  ['the first difference', key('d'), 0, 4],
  ['nowhere new, when it means nothing', key('x'), 3, 3],
  ['away', key('q'), 3, null],
  ['away', key('c', { ctrl: true }), 3, null],
])('a key leads to %s', (_, pressed, from, to) => {
  expect(placeAfter(pressed, from, changed)).toBe(to)
})

test('without a difference its key stays where it is', () => {
  expect(placeAfter(key('d'), 2, replay(recorded()))).toBe(2)
})

test('a terminal shows one step at a time, and is given back as it was', async () => {
  const input = Object.assign(new PassThrough(), { isTTY: true, raw: [] as boolean[] })
  const setRawMode = (raw: boolean) => input.raw.push(raw)
  const pages: string[] = []
  const output = { write: (page: string) => pages.push(page) }
  const done = stepThrough(changed, { input: Object.assign(input, { setRawMode }), output })
  // Right, d, G, left and q, as a terminal sends them.
  input.write('\x1b[CdG\x1b[Dq')
  await done
  expect(input.raw).toEqual([true, false])
  expect(pages.map((page) => /(\d) of 8 {3}→ next/.exec(page)?.[1])).toEqual(['1', '2', '5', '8', '7'])
  expect(pages[2]).toMatch(/DIFFERS state\n +recorded +waiting\n +reproduced bridged\.connecting/)
  expect(pages[2]).toMatch(/Takes: .*agent\.ready.*\nRemembers:\n(.*\n)* {2}bridgeNumber 1/)
  expect(pages[3]).toContain('The first difference is at event 5, media.joined:')
})

test('a terminal that goes away ends it', async () => {
  const input = new PassThrough()
  const done = stepThrough(changed, { input, output: { write: () => {} } })
  input.end()
  await done
})
