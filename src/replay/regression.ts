import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { formatFiles } from '../model/format-files.ts'
import { anonymised } from './anonymise.ts'
import type { Difference } from './difference.ts'
import { type RecordedCall, type RecordedEvent, UnreplayableCall } from './recorded-call.ts'
import { type Replay, replay } from './replay.ts'

/*
 * A recorded call as a test that is kept: the call without personal data beside a test that replays it.
 */

/** Which states the test holds the chart to: those that were recorded, or what the chart of today makes of the call. */
export type Expected = 'recorded' | 'today'

export type Regression = { name: string; fixture: RecordedCall; expected: Expected }

/** Everything that the chart of today does otherwise than this call was recorded, each with its event. */
export function differencesOf(call: RecordedCall): ({ seq: number; type: string } & Difference)[] {
  return replay(call).steps.flatMap(({ seq, type, differences }) =>
    differences.map((difference) => ({ seq, type, ...difference })),
  )
}

/** Throws UnreplayableCall when the call cannot be told without personal data. */
export function regressionOf(call: RecordedCall, expected: Expected, name: string | null): Regression {
  const nobodys = anonymised(call)
  const fixture = expected === 'today' ? asReproduced(nobodys, replay(nobodys)) : nobodys
  const ending = call.outcome?.replaceAll('_', '-') ?? 'still-live'
  const digest = createHash('sha256').update(JSON.stringify(fixture)).digest('hex').slice(0, 8)
  return { name: name ?? `${ending}-${digest}`, fixture, expected }
}

function asReproduced(call: RecordedCall, { steps, chartVersion }: Replay): RecordedCall {
  const events = call.events.map((event, index) => {
    const reproduced = steps[index]?.reproduced
    if (!reproduced) return event
    const { snapshot, effects, stateAfter } = reproduced
    const stateBefore = steps[index - 1]?.reproduced.stateAfter ?? 'none'
    return { ...event, stateBefore, stateAfter, effects, chartVersion, snapshot }
  })
  return { ...call, chartVersion, events }
}

export type Written = {
  test: string
  fixture: string
  /** Both were there already, from the same call. */
  isAnew: boolean
}

/**
 * Writes test and fixture and resolves with their paths. What was written of the same call before is written anew; rejects
 * with UnreplayableCall rather than writing over anything else.
 */
export async function writeRegression(regression: Regression, folder: string): Promise<Written> {
  const { name, fixture } = regression
  const paths = { test: join(folder, `${name}.test.ts`), fixture: join(folder, `${name}.json`) }
  const known = await textOf(paths.fixture)
  if (known === null && (await textOf(paths.test)) !== null)
    throw new UnreplayableCall(`${paths.test} is there already, and is not of a call: choose another --name.`)
  if (known !== null && !isSameCall(known, fixture))
    throw new UnreplayableCall(`${paths.fixture} is there already, from another call: choose another --name.`)
  await mkdir(folder, { recursive: true })
  await writeFile(paths.fixture, `${JSON.stringify(fixture, null, 2)}\n`)
  await writeFile(paths.test, testOf(regression, folder))
  await formatFiles([paths.test, paths.fixture])
  return { ...paths, isAnew: known !== null }
}

const textOf = (file: string): Promise<string | null> => readFile(file, 'utf8').catch(() => null)

/** By what was said to it and when, as far as both tell: what charts made of that may differ, and a live call goes on. */
function isSameCall(known: string, { events }: RecordedCall): boolean {
  const before = eventsIn(known)
  const length = Math.min(before.length, events.length)
  // Many calls begin alike, and their times are reckoned from there.
  const isTelling = length > 1 || before.length === events.length
  const inputsOf = (list: Partial<RecordedEvent>[]) =>
    list.slice(0, length).map(({ at, event }) => ({ at, event }))
  return isTelling && isDeepStrictEqual(inputsOf(before), inputsOf(JSON.parse(JSON.stringify(events))))
}

function eventsIn(text: string): Partial<RecordedEvent>[] {
  try {
    const { events } = Object(JSON.parse(text)) as { events?: unknown }
    return Array.isArray(events) ? events.map(Object) : []
  } catch {
    return []
  }
}

function testOf({ name, fixture, expected }: Regression, folder: string): string {
  const here = fileURLToPath(new URL('regression.ts', import.meta.url))
  const from = relative(resolve(folder), here).split(sep).join('/')
  const { provider, outcome } = fixture
  const ending = outcome ? `ended as ${outcome}` : 'had not ended yet'
  const how = expected === 'today' ? 'as the chart led it when this was written' : 'as it was recorded'
  return `import { expect, test } from 'vitest'
import { differencesOf } from '${from}'
import call from './${name}.json' with { type: 'json' }

/* Written by \`npm run replay -- --fix-as-test\` from a real call, without its personal data; see docs/replay.md. */

test('a call over ${provider} that ${ending} goes ${how}', () => {
${expectation(fixture, expected)}
})
`
}

/** The times of the events are those of the record, whatever the timers of today would have made of them. */
function expectation(fixture: RecordedCall, expected: Expected): string {
  const isOutOfTime = expected === 'today' && differencesOf(fixture).some(({ what }) => what === 'timer')
  if (!isOutOfTime) return '  expect(differencesOf(call)).toEqual([])'
  return `  // The chart's timers were others when the call was recorded.
  expect(differencesOf(call).filter(({ what }) => what !== 'timer')).toEqual([])`
}
