import { randomBytes } from 'node:crypto'
import pino from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectClient } from '../../src/persistence/connect.ts'
import { openDatabase } from '../../src/persistence/database.ts'
import { WITHOUT_ENTITY } from '../../src/persistence/without-entity.ts'
import { databaseUrl, onServer } from '../support/database.ts'
import { type OpenTestDatabase, openTestDatabase } from '../support/open-database.ts'

/*
 * Holds the entities against the database that the migrations make.
 */

let db: OpenTestDatabase
beforeAll(async () => {
  db = await openTestDatabase()
})
afterAll(() => db.drop())

test('MikroORM finds nothing to change in a migrated database', async () => {
  expect(await db.database.schema.getUpdateSchemaSQL({ wrap: false })).toBe('')
  expect(await db.database.migrator.checkSchema()).toBe(false)
})

test('tables and views have an entity, or are listed as those that have none on purpose', async () => {
  const { schemas, tables, views } = WITHOUT_ENTITY
  const entities = [...db.database.getMetadata().getAll().values()].map(({ tableName }) => tableName)
  const there = await db.query<{ schema: string; name: string }>(
    `select table_schema as schema, table_name as name from information_schema.tables
     where table_schema not in ('pg_catalog', 'information_schema')`,
  )
  const rest = there.filter(({ schema }) => !schemas.includes(schema)).map(({ name }) => name)
  expect(rest.sort()).toEqual([...new Set([...entities, ...tables, ...views])].sort())
  expect(schemas.filter((name) => !there.some(({ schema }) => schema === name))).toEqual([])
})

/** All that PostgreSQL itself says of columns, indexes and constraints, one a line. */
const PARTS = `
  select format('column %s.%s %s%s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
      case when a.attnotnull then ' not null' else '' end, pg_get_expr(d.adbin, d.adrelid)) as part
    from pg_attribute a join pg_class c on c.oid = a.attrelid
      left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
      and c.relname <> all($1)
  union all select indexdef from pg_indexes where schemaname = 'public' and tablename <> all($1)
  union all select format('constraint %s.%s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
    from pg_constraint where connamespace = 'public'::regnamespace and contype <> 'n'
      and conrelid::regclass::text <> all($1)`

async function partsOf(url: string): Promise<string[]> {
  const client = await connectClient(url)
  try {
    const { rows } = await client.query<{ part: string }>(PARTS, [WITHOUT_ENTITY.tables])
    return rows.map(({ part }) => part).sort()
  } finally {
    await client.end()
  }
}

/** Resolves with the parts of a database that the entities alone have made. */
async function partsOfEntities(): Promise<string[]> {
  const name = `test_${randomBytes(6).toString('hex')}`
  const url = databaseUrl(db.url, name)
  await onServer(db.url, `create database ${name}`)
  const made = await openDatabase(url, pino({ level: 'silent' }))
  try {
    await made.schema.create()
    return await partsOf(url)
  } finally {
    await made.close()
    await onServer(db.url, `drop database ${name}`)
  }
}

test('part by part, a migrated database is the one that the entities alone would make', async () => {
  // The comparator takes json for jsonb, and of an index with a condition it looks at the name alone.
  expect(await partsOf(db.url)).toEqual(await partsOfEntities())
})
