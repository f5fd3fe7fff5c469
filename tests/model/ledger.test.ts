import { execFile } from 'node:child_process'
import { cp } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { CALL_TABLE, IGNORED_MESSAGES } from '../machines/call-table.ts'
import { MACHINE_TABLES } from '../machines/machine-tables.ts'
import { SourceTree } from '../support/source-tree.ts'

const ROOT = resolve(import.meta.dirname, '../..')
/** A process of its own looks through the chart. */
const SLOW_MS = 60_000

test('the tables of the tests are written from the chart: again the same, and otherwise where it was changed', {
  timeout: SLOW_MS,
}, async () => {
  const tree = await SourceTree.copy()
  onTestFinished(() => tree.remove())
  await cp(join(ROOT, 'tests/machines'), tree.path('tests/machines'), { recursive: true })
  const load = async (file: string, round: number) =>
    import(`${pathToFileURL(tree.path(file)).href}?${round}`)
  const write = () => promisify(execFile)(process.execPath, [tree.path('src/model.ts'), 'ledger', '--write'])

  const { stdout } = await write()
  expect(stdout).toMatch(
    /^Written: .*call-table\.ts\.\nWritten: .*transferring-table\.ts\.\nWritten: .*machine-tables\.ts\.\n$/,
  )
  expect(await load('tests/machines/call-table.ts', 1)).toMatchObject({ CALL_TABLE, IGNORED_MESSAGES })
  expect(await load('tests/machines/machine-tables.ts', 1)).toMatchObject({ MACHINE_TABLES })

  await tree.replace('machines/call/call.machine.ts', `'leg.asks': 'ended',`, '')
  await write()
  const changed = await load('tests/machines/call-table.ts', 2)
  expect(changed.CALL_TABLE.closing['leg.instructionsRequested']).toBe('ignored')
  expect(changed.IGNORED_MESSAGES['call.closing']).toContain('leg.asks')
  expect((await load('tests/machines/machine-tables.ts', 2)).MACHINE_TABLES.call.closing).not.toHaveProperty(
    'leg.asks',
  )
})
