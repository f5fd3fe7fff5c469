import type pg from 'pg'
import pino from 'pino'
import { type Database, openCallPool, openDatabase } from '../../src/persistence/database.ts'
import { createTestDatabase, type TestDatabase } from './database.ts'

export type OpenTestDatabase = TestDatabase & {
  database: Database
  /** For the call store. */
  callPool: pg.Pool
}

/** A database of a test's own for what runs in the test itself, as the service opens it. */
export async function openTestDatabase(): Promise<OpenTestDatabase> {
  const created = await createTestDatabase()
  const log = pino({ level: 'silent' })
  const database = await openDatabase(created.url, log)
  const callPool = openCallPool(created.url, log)
  return {
    ...created,
    database,
    callPool,
    async drop() {
      await callPool.end()
      await database.close()
      await created.drop()
    },
  }
}
