import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { codesIn, readText, tableOf } from '../support/markdown-tables.ts'

/*
 * Holds docs/DATABASE.md against the migrated database.
 */

let db: TestDatabase
beforeAll(async () => {
  db = await createTestDatabase()
})
afterAll(() => db.drop())

const PAGE = 'docs/DATABASE.md'

async function relations(type: 'BASE TABLE' | 'VIEW'): Promise<string[]> {
  const rows = await db.query<{ name: string }>(
    "select table_name as name from information_schema.tables where table_schema = 'public' and table_type = $1",
    [type],
  )
  return rows.map(({ name }) => name).sort()
}

test('docs/DATABASE.md has every table, and no other', async () => {
  const told = tableOf(PAGE, 'table').flatMap(({ table }) => codesIn(table))
  expect(told.sort()).toEqual(await relations('BASE TABLE'))
})

test('docs/DATABASE.md has every view, and no other', async () => {
  const told = tableOf(PAGE, 'view').flatMap(({ view }) => codesIn(view))
  expect(told.sort()).toEqual(await relations('VIEW'))
})

test('docs/DATABASE.md speaks of columns that are there', async () => {
  const rows = await db.query<{ name: string }>(
    "select column_name as name from information_schema.columns where table_schema = 'public'",
  )
  const columns = new Set(rows.map(({ name }) => name))
  const named = readText(PAGE).matchAll(/`([a-z]+_[a-z_]+)`/g)
  const known = new Set([...(await relations('BASE TABLE')), ...(await relations('VIEW')), 'graphile_worker'])
  const results = ['timed_out']
  const unknown = [...named]
    .map(([, name = '']) => name)
    .filter((name) => !columns.has(name) && !known.has(name))
  expect(unknown.filter((name) => !results.includes(name))).toEqual([])
})
