import pino from 'pino'
import { migrateAll, openDatabase } from '../../src/persistence/database.ts'
import { databaseUrl, onServer } from './database.ts'

/** Creates a database that others are copied from; nobody may connect to it. Resolves with what removes it. */
export async function createMigratedDatabase(server: string, name: string): Promise<() => Promise<void>> {
  await onServer(server, `create database ${name}`)
  await migrate(databaseUrl(server, name))
  await onServer(server, `alter database ${name} with is_template true allow_connections false`)
  return async () => {
    await onServer(server, `alter database ${name} with is_template false`)
    await onServer(server, `drop database ${name}`)
  }
}

export async function migrate(url: string): Promise<void> {
  const log = pino({ level: 'silent' })
  const database = await openDatabase(url, log)
  await migrateAll(database, url, log)
  await database.close()
}
