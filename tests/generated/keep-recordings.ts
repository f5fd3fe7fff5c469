import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readCallFile } from '../../src/replay/call-file.ts'
import type { ScriptedWorld } from '../support/scripted-world.ts'
import { walkOf } from './walked.ts'

/** So many of each carrier; fewer when they go through all that the run has been through. */
const MOST = 10

/**
 * With RECORD_CALLS_INTO set, leaves calls of this run in that folder, as `npm run replay -- --export` writes them: examples of
 * what the chart of today saves, in each of its states, for the charts to come (tests/machines/recorded/).
 */
export async function keepRecordings(carrier: string, world: ScriptedWorld): Promise<void> {
  const { RECORD_CALLS_INTO: folder } = process.env
  if (!folder) return
  await mkdir(folder, { recursive: true })
  for (const [index, file] of fewest(await ended(world)).entries())
    await writeFile(join(folder, `${carrier}-${`${index + 1}`.padStart(2, '0')}.jsonl`), file)
}

async function ended(world: ScriptedWorld): Promise<string[]> {
  const calls = await world.db.query<{ id: string }>(
    'select id from call_log where ended_at is not null order by id',
  )
  return Promise.all(calls.map(async ({ id }) => (await world.admin(`/calls/${id}/export`)).text()))
}

/** Each one goes through most of what those before it have left out. */
function fewest(files: string[]): string[] {
  const walks = files.map((file) => ({ file, left: new Set(walkOf(readCallFile(file).events).elements) }))
  const chosen: string[] = []
  while (chosen.length < MOST) {
    const [next] = walks.toSorted((a, b) => b.left.size - a.left.size)
    if (!next || next.left.size === 0) break
    chosen.push(next.file)
    const gone = [...next.left]
    for (const { left } of walks) for (const element of gone) left.delete(element)
  }
  return chosen
}
