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

test('docs/DATABASE.md speaks of columns and functions that are there, and of every function', async () => {
  const names = async (sql: string) => (await db.query<{ name: string }>(sql)).map(({ name }) => name)
  const columns = await names(
    "select column_name as name from information_schema.columns where table_schema = 'public'",
  )
  const functions = await names(
    "select routine_name as name from information_schema.routines where routine_schema = 'public'",
  )
  const known = new Set([
    ...(await relations('BASE TABLE')),
    ...(await relations('VIEW')),
    ...columns,
    ...functions,
    'graphile_worker',
    'timed_out',
  ])
  const named = [...readText(PAGE).matchAll(/`([a-z]+_[a-z_]+)`/g)].map(([, name = '']) => name)
  expect(named.filter((name) => !known.has(name))).toEqual([])
  expect(functions.filter((name) => !named.includes(name))).toEqual([])
})
