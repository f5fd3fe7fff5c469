import { randomBytes } from 'node:crypto'
import pg from 'pg'

export type TestDatabase = {
  url: string
  query<Row extends object>(sql: string, params?: unknown[]): Promise<Row[]>
  /** Drops it; fails when somebody is still connected, for that is a leak. */
  drop(): Promise<void>
}

/** A fresh, migrated database of its own, on the test run's server unless another is named. */
export async function createTestDatabase(
  postgresUrl?: string,
  tablespace = 'pg_default',
): Promise<TestDatabase> {
  const name = newName()
  return testDatabase(name, await createMigrated(name, tablespace, postgresUrl))
}

/** A database without a table, for a service that migrates it by itself. */
export async function createEmptyDatabase(server: string): Promise<TestDatabase> {
  const name = newName()
  await onServer(server, `create database ${name}`)
  return testDatabase(name, databaseUrl(server, name))
}

const newName = () => `test_${randomBytes(6).toString('hex')}`

function testDatabase(name: string, url: string): TestDatabase {
  const pool = new pg.Pool({ connectionString: url, max: 2 })
  return {
    url,
    query: async (sql, params) => (await pool.query(sql, params)).rows,
    async drop() {
      await pool.end()
      await onServer(url, `drop database ${name}`)
    },
  }
}

/** Resolves with its URL. On the run's own server it is copied, which costs a tenth of migrating. */
async function createMigrated(name: string, tablespace: string, postgresUrl?: string): Promise<string> {
  if (postgresUrl !== undefined) {
    await onServer(postgresUrl, `create database ${name} tablespace ${tablespace}`)
    const { migrate } = await import('./migrated-database.ts')
    await migrate(databaseUrl(postgresUrl, name))
    return databaseUrl(postgresUrl, name)
  }
  // Vitest can only be asked inside its own workers, and the benchmarks run without it.
  const { inject } = await import('vitest')
  const server = inject('postgresUrl')
  await onServer(
    server,
    `create database ${name} tablespace ${tablespace} template ${inject('migratedDatabase')}`,
  )
  return databaseUrl(server, name)
}

/** The URL of another database of the server of `server`. */
export const databaseUrl = (server: string, name: string): string => server.replace(/\/[^/]*$/, `/${name}`)

/** `url`: any of the server's; the statement is carried out from its default database. */
export async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl(url, 'postgres') })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
