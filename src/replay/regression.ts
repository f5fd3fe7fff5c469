import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { formatFiles } from '../model/format-files.ts'
import { anonymised } from './anonymise.ts'
import type { Difference } from './difference.ts'
import { type RecordedCall, UnreplayableCall } from './recorded-call.ts'
import { type Replay, replay } from './replay.ts'

/*
 * A recorded call as a test that is kept: the call without personal data beside a test that replays it.
 */

/** Which states the test holds the chart to: those that were recorded, or what the chart of today makes of the call. */
export type Expected = 'recorded' | 'today'

export type Regression = { name: string; fixture: RecordedCall }

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
  return { name: name ?? `${ending}-${digest}`, fixture }
}

function asReproduced(call: RecordedCall, { steps, chartVersion }: Replay): RecordedCall {
  const events = call.events.map((event, index) => {
    const reproduced = steps[index]?.reproduced
    if (!reproduced) return event
    const { value, context, effects, stateAfter } = reproduced
    const stateBefore = steps[index - 1]?.reproduced.stateAfter ?? 'none'
    const status = stateAfter === 'ended' ? 'done' : 'active'
    return { ...event, stateBefore, stateAfter, effects, chartVersion, snapshot: { value, context, status } }
  })
  return { ...call, chartVersion, events }
}

/** Writes test and fixture and resolves with their paths. Rejects with UnreplayableCall rather than writing over another test. */
export async function writeRegression(
  { name, fixture }: Regression,
  folder: string,
): Promise<{ test: string; fixture: string }> {
  const paths = { test: join(folder, `${name}.test.ts`), fixture: join(folder, `${name}.json`) }
  const known = await readFile(paths.fixture, 'utf8').catch(() => null)
  if (known !== null && JSON.stringify(JSON.parse(known)) !== JSON.stringify(fixture)) {
    throw new UnreplayableCall(`${paths.fixture} is there already, from another call: choose another --name.`)
  }
  await mkdir(folder, { recursive: true })
  await writeFile(paths.fixture, `${JSON.stringify(fixture, null, 2)}\n`)
  await writeFile(paths.test, testOf(name, fixture, folder))
  await formatFiles([paths.test, paths.fixture])
  return paths
}

function testOf(name: string, { provider, outcome }: RecordedCall, folder: string): string {
  const here = fileURLToPath(new URL('regression.ts', import.meta.url))
  const from = relative(resolve(folder), here).split(sep).join('/')
  const ending = outcome ? `ended as ${outcome}` : 'had not ended yet'
  return `import { expect, test } from 'vitest'
import { differencesOf } from '${from}'
import call from './${name}.json' with { type: 'json' }

/* Written by \`npm run replay -- --fix-as-test\` from a real call, without its personal data; see docs/replay.md. */

test('a call over ${provider} that ${ending} goes as it was recorded', () => {
  expect(differencesOf(call)).toEqual([])
})
`
}
