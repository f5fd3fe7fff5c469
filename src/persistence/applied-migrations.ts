import { readdir } from 'node:fs/promises'
import type pg from 'pg'

const FOLDER = new URL('../../migrations', import.meta.url)

/** The migrations that are not applied yet, and those that a newer version of the service has applied. */
export type MigrationState = { known: number; applied: number; pending: string[]; strangers: string[] }

/** Reads it without a trace: the Migrator would first create its table. */
export async function readMigrationState(client: pg.Client): Promise<MigrationState> {
  const known = await shippedMigrations()
  const applied = await appliedMigrations(client)
  return {
    known: known.length,
    applied: applied.length,
    pending: known.filter((each) => !applied.includes(each)),
    strangers: applied.filter((each) => !known.includes(each)),
  }
}

async function shippedMigrations(): Promise<string[]> {
  const files = await readdir(FOLDER)
  return files.filter((file) => /^Migration\w+\.ts$/.test(file)).map((file) => file.replace(/\.ts$/, ''))
}

async function appliedMigrations(client: pg.Client): Promise<string[]> {
  const table = await client.query(`select to_regclass('mikro_orm_migrations') is not null as exists`)
  if (!table.rows[0]?.exists) return []
  const { rows } = await client.query<{ name: string }>('select name from mikro_orm_migrations order by id')
  return rows.map(({ name }) => name.replace(/\.[jt]s$/, ''))
}
