import { randomBytes } from 'node:crypto'
import pg from 'pg'
import pino from 'pino'
import { type Database, migrateAll, openCallPool, openDatabase } from '../../src/persistence/database.ts'

export type TestDatabase = {
  url: string
  database: Database
  /** For the call store. */
  callPool: pg.Pool
  query<Row extends object>(sql: string, params?: unknown[]): Promise<Row[]>
  /** Drops it; fails when somebody is still connected, for that is a leak. */
  drop(): Promise<void>
}

/** A fresh, migrated database of its own, on the test run's server unless another is named. */
export async function createTestDatabase(postgresUrl?: string): Promise<TestDatabase> {
  // Vitest can only be asked inside its own workers, and the benchmarks run without it.
  const server = postgresUrl ?? (await import('vitest')).inject('postgresUrl')
  const name = `test_${randomBytes(6).toString('hex')}`
  await onServer(server, `create database ${name}`)
  const url = server.replace(/\/[^/]*$/, `/${name}`)
  const log = pino({ level: 'silent' })
  const database = await openDatabase(url, log)
  await migrateAll(database, url, log)
  const callPool = openCallPool(url, log)
  const pool = new pg.Pool({ connectionString: url, max: 2 })
  return {
    url,
    database,
    callPool,
    query: async (sql, params) => (await pool.query(sql, params)).rows,
    async drop() {
      await pool.end()
      await callPool.end()
      await database.close()
      await onServer(server, `drop database ${name}`)
    },
  }
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
