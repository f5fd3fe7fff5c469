import { readdirSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { callCharts } from '../../src/calls/saved-call.ts'
import { LIMITS } from '../../src/model/call-model.ts'
import { compatReport } from '../../src/model/compat.ts'
import { type LiveState, liveStatesIn, liveStatesOf } from '../../src/model/live-states.ts'
import { modelCommand } from '../../src/model/model-command.ts'
import { LEADING_TO } from '../machines/call-rows.ts'

/* What becomes of calls that live on another version of the chart. */

const ROOT = resolve(import.meta.dirname, '../..')
const KEPT = join(ROOT, 'tests/machines/live-states')
/** Every path through the chart is searched for. */
const SLOW_MS = 60_000

let folder: string
let today: LiveState[]
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'precall-compat-'))
  today = await liveStatesIn(ROOT)
}, SLOW_MS)
afterAll(() => rm(folder, { recursive: true }))

async function compat(...args: string[]): Promise<{ code: number; lines: string[] }> {
  const lines: string[] = []
  const code = await modelCommand({
    args: ['compat', ...args],
    print: (line) => lines.push(line),
    complain: (line) => lines.push(line),
    limits: LIMITS,
  })
  return { code, lines }
}

describe('calls that live on a version before', () => {
  test.each(readdirSync(KEPT))('go on, each where it was: %s', async (file) => {
    const { code, lines } = await compat(join(KEPT, file))
    expect(lines.filter((line) => line.startsWith('FAIL'))).toEqual([])
    expect(code).toBe(0)
    for (const line of lines.slice(0, -1)) {
      const [, place, becomes] = /^ok {4}(\S+) +goes on as (\S+)$/.exec(line) ?? []
      expect(becomes, line).toBe(place)
    }
    expect(lines.at(-1)).toContain(`goes on with chart ${callCharts.id}.`)
  })
})

test('the states of today are all that a call can be in before its end', { timeout: SLOW_MS }, async () => {
  const file = join(folder, 'today.jsonl')
  expect(await compat('--write', file)).toEqual({ code: 0, lines: [`Written: ${file}.`] })
  const places = (await liveStatesOf(file)).map(({ place }) => place)
  const all = Object.keys(LEADING_TO).map((row) => row.split(' while ')[0])
  expect([...new Set(places)].sort()).toEqual([...new Set(all)].filter((place) => place !== 'ended').sort())
  expect((await compat(file)).code).toBe(0)
})

describe('a call that would be lost is found', () => {
  const changed = (change: (state: LiveState) => Partial<LiveState>) =>
    compatReport(today.map((state) => ({ ...state, ...change(state) }))).lines

  test('because its state is no more', () => {
    const lines = changed(({ snapshot, place, chartVersion }) =>
      place === 'hold'
        ? {
            snapshot: {
              ...snapshot,
              value: { ...Object((snapshot as { value: unknown }).value), call: 'parked' },
            },
          }
        : { chartVersion: chartVersion.replace(/\..*/, '.0badcafe') },
    )
    expect(lines).toContain(
      'FAIL  hold: what is saved cannot be read: the chart that saved it has no such state',
    )
    expect(lines.at(-1)).toContain('To mend: raise CHART_VERSION in machines/call/call-system.ts')
  })

  test('because its version is unknown', () => {
    const lines = changed(() => ({ chartVersion: '99.0badcafe' }))
    expect(lines).toContain('FAIL  greeting: the chart of today has no such state, and nothing leads to one')
  })

  test('because no timer would bound it, or one would run that nothing waits for', () => {
    const lines = changed(({ place, timers }) => ({
      timers:
        place === 'failed'
          ? timers.filter((timer) => !timer.includes('FAREWELL'))
          : timers.map((timer) => timer.replace('xstate.after.CALL_MAX.call', 'xstate.after.CALL_MIN.call')),
    }))
    expect(lines).toContain(
      'FAIL  failed: nothing would set xstate.after.FAREWELL.call.failed, which its state needs',
    )
    expect(
      lines.some((line) => line.startsWith('FAIL  hold: nothing would set xstate.after.CALL_MAX.call')),
    ).toBe(true)
  })
})

test('says what it wants, and what is no file of states and no revision', async () => {
  for (const args of [[], ['a', 'b'], ['a', '--write', 'b']]) {
    const { code, lines } = await compat(...args)
    expect(code).toBe(2)
    expect(lines[0]).toBe('compat wants a file or a revision to compare with, or --write FILE.')
  }
  const file = join(folder, 'other.jsonl')
  await writeFile(file, '{"no":"state"}\n')
  expect((await compat(file)).lines).toEqual([
    `${file} holds no states of calls: npm run model -- compat --write FILE leaves such a file.`,
  ])
  const { code, lines } = await compat('no-such-revision')
  expect(code).toBe(2)
  expect(lines[0]).toMatch(/^no-such-revision is no file, and no revision whose chart can be looked at: /)
  expect(await readFile(file, 'utf8')).toBe('{"no":"state"}\n')
})
