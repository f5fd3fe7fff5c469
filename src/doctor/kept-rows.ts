import { join } from 'node:path'
import type pg from 'pg'
import type { Config } from '../config/config.ts'
import { connectClient, settleTls } from '../persistence/connect.ts'
import { examineEmbedded, isMade } from './embedded-server.ts'
import { type Finding, skip } from './finding.ts'

/** An embedded server is started for it, if need be. */
export const DATABASE_LIMIT_MS = 90_000
const DATABASE_MS = 5_000

/** What is found in rows of the service's database; nothing where there is none yet, a skip of this name where it cannot be asked. */
export async function* lookInDatabase<Row extends object>(
  { database, dataDir }: Config,
  { name, table, query }: { name: string; table: string; query: string },
  findings: (rows: Row[]) => AsyncIterable<Finding> | Iterable<Finding>,
): AsyncGenerator<Finding> {
  const look = async function* (url: string): AsyncGenerator<Finding> {
    yield* findings(await rowsOf<Row>(url, table, query))
  }
  const embedded = join(dataDir, 'postgres')
  try {
    if (database.url !== null) yield* look(await settleTls(database.url))
    else if (await isMade(embedded)) yield* examineEmbedded(embedded, look)
  } catch {
    yield skip(name, 'the database cannot be asked for them')
  }
}

/** None where no service has been started yet. */
async function rowsOf<Row extends object>(url: string, table: string, query: string): Promise<Row[]> {
  const client: pg.Client = await connectClient(url, {
    application_name: 'precall doctor',
    query_timeout: DATABASE_MS,
    connectionTimeoutMillis: DATABASE_MS,
  })
  try {
    const { rows: tables } = await client.query<{ mayRead: boolean }>(
      `select has_table_privilege(to_regclass($1), 'select') is true as "mayRead"`,
      [table],
    )
    return tables[0]?.mayRead ? (await client.query<Row>(query)).rows : []
  } finally {
    await client.end()
  }
}
