import { randomBytes } from 'node:crypto'
import pg from 'pg'
import pino from 'pino'
import { expect, inject, onTestFinished, test } from 'vitest'
import { migrateAll, openDatabase } from '../../src/persistence/database.ts'
import { databaseUrl } from '../support/database.ts'
import { readText } from '../support/markdown-tables.ts'

/* An installation with many calls is updated: what holds calls up for long is done beforehand. */

/** The last migration before those that build indexes on tables that may be large. */
const BEFORE = 'Migration20261130212000_one_clock'
const LARGE = ['call_log', 'call_event', 'voice_clone_log']
const log = pino({ level: 'silent' })

async function emptyDatabase() {
  const name = `test_${randomBytes(6).toString('hex')}`
  const server = new pg.Client({ connectionString: inject('postgresUrl') })
  await server.connect()
  await server.query(`create database ${name}`)
  const url = databaseUrl(inject('postgresUrl'), name)
  const database = await openDatabase(url, log)
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  onTestFinished(async () => {
    await client.end()
    await database.close()
    await server.query(`drop database ${name}`)
    await server.end()
  })
  return { url, database, client }
}

const indexes = async (client: pg.Client) =>
  (
    await client.query<{ name: string; isValid: boolean; oid: number }>(
      `select c.relname as name, i.indisvalid as "isValid", c.oid from pg_index i join pg_class c on c.oid = i.indexrelid
       where i.indrelid::regclass::text = any($1)`,
      [LARGE],
    )
  ).rows

test('docs/DEPLOYMENT.md builds each index beforehand, and the migrations find it', async () => {
  const { url, database, client } = await emptyDatabase()
  await database.migrator.up({ to: BEFORE })
  const old = (await indexes(client)).map(({ name }) => name)
  const statements = readText('docs/DEPLOYMENT.md').match(/create index concurrently [^;]*;/g) ?? []
  for (const statement of statements) await client.query(statement)
  const built = await indexes(client)
  expect(built.filter(({ isValid }) => !isValid)).toEqual([])
  expect(built).toHaveLength(old.length + statements.length)

  await migrateAll(database, url, log)
  const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name)
  expect((await indexes(client)).sort(byName)).toEqual(built.sort(byName))
})
