import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import type { Config } from '../config.ts'
import { examineEmbedded } from './embedded-server.ts'
import { type Check, type Finding, fail, ok, warn } from './finding.ts'
import { unreachableBecause } from './network-failure.ts'

/** Creating and starting an embedded server may take a minute on a slow machine. */
const LIMIT_MS = 90_000
const QUERY_LIMIT_MS = 5_000
const OLDEST_VERSION = 15

export function databaseCheck(config: Config): Check {
  const { url } = config.database
  return {
    name: 'database',
    limitMs: LIMIT_MS,
    run: () =>
      url === null
        ? examineEmbedded(join(config.dataDir, 'postgres'), inspect)
        : inspect(url, `at ${new URL(url).host || 'a local socket'}`),
  }
}

/** Looks at a database and changes nothing in it. `where` says in a few words which one it is. */
export async function* inspect(url: string, where: string): AsyncGenerator<Finding> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: QUERY_LIMIT_MS,
    query_timeout: QUERY_LIMIT_MS,
    application_name: 'precall doctor',
  })
  // A connection that breaks fails the query under way, which is where it is heard of.
  client.on('error', () => {})
  try {
    await client.connect()
  } catch (error) {
    yield unreachable(error, where)
    return
  }
  try {
    yield await examineVersion(client, where)
    yield await examineRights(client)
    yield await examineMigrations(client)
  } finally {
    await client.end()
  }
}

function unreachable(error: unknown, where: string): Finding {
  const code = (error as { code?: string }).code ?? ''
  const refusal = REFUSALS[code]
  if (refusal) return fail('database', `PostgreSQL ${where} refuses: ${(error as Error).message}`, refusal)
  return fail(
    'database',
    `PostgreSQL ${where} cannot be reached: ${unreachableBecause(error)}`,
    'start PostgreSQL there, or correct host and port in DATABASE_URL; without DATABASE_URL the service brings its own',
  )
}

/** By SQLSTATE (PostgreSQL, appendix A). */
const REFUSALS: Record<string, string> = {
  '28P01': 'correct user and password in DATABASE_URL',
  '28000':
    'correct the user in DATABASE_URL, or let it in by pg_hba.conf (?sslmode=require if it asks for TLS)',
  '3D000': 'create that database with `createdb`, or correct its name at the end of DATABASE_URL',
  '53300': 'raise max_connections of PostgreSQL: each node of the service needs about 25',
}

async function examineVersion(client: pg.Client, where: string): Promise<Finding> {
  const { rows } = await client.query<{ version: string; number: number }>(
    `select current_setting('server_version') as version, current_setting('server_version_num')::int as number`,
  )
  const { version, number } = rows[0] ?? { version: 'unknown', number: 0 }
  const found = `PostgreSQL ${version.split(' ', 1)[0]} ${where}`
  if (number >= OLDEST_VERSION * 10_000) return ok('database', found)
  return fail(
    'database',
    found,
    `upgrade it to PostgreSQL ${OLDEST_VERSION} or newer, or set DATABASE_URL to one`,
  )
}

type Rights = {
  role: string
  database: string
  schema: string | null
  may_create_tables: boolean | null
  may_create_schemas: boolean
  has_queue: boolean
  read_only: boolean
}

/** Tables go into the first schema of the search path; the job queue creates a schema of its own. */
const RIGHTS = `
  select current_user as role, current_database() as database, current_schema() as schema,
    has_schema_privilege(current_schema(), 'create') as may_create_tables,
    has_database_privilege(current_database(), 'create') as may_create_schemas,
    to_regnamespace('graphile_worker') is not null as has_queue,
    pg_is_in_recovery() or current_setting('default_transaction_read_only')::boolean as read_only`

async function examineRights(client: pg.Client): Promise<Finding> {
  const name = 'database rights'
  const { rows } = await client.query<Rights>(RIGHTS)
  const [rights] = rows as [Rights]
  const { role, database, schema } = rights
  if (rights.read_only) {
    return fail(name, 'the database is read-only', 'set DATABASE_URL to the primary server, not to a standby')
  }
  if (schema === null || !rights.may_create_tables) {
    return fail(
      name,
      `${role} may not create tables in the schema ${schema ?? 'public'}`,
      `as its owner run: grant create on schema "${schema ?? 'public'}" to "${role}"`,
    )
  }
  if (!rights.may_create_schemas && !rights.has_queue) {
    return fail(
      name,
      `${role} may not create the schema of the job queue`,
      `as the owner of the database run: grant create on database "${database}" to "${role}"`,
    )
  }
  return ok(name, `${role} may create tables`)
}

async function examineMigrations(client: pg.Client): Promise<Finding> {
  const name = 'database migrations'
  const known = await shippedMigrations()
  const applied = await appliedMigrations(client)
  const strangers = applied.filter((each) => !known.includes(each))
  if (strangers.length > 0) {
    return warn(
      name,
      `the database is newer than this checkout: ${strangers.join(', ')} applied`,
      'check out the version of the service that the database was migrated by, or a newer one',
    )
  }
  const pending = known.length - applied.length
  return ok(
    name,
    `${applied.length} of ${known.length} applied${pending > 0 ? ', `npm start` applies the rest' : ''}`,
  )
}

async function shippedMigrations(): Promise<string[]> {
  const files = await readdir(new URL('../../migrations', import.meta.url))
  return files.filter((file) => /^Migration\w+\.ts$/.test(file)).map((file) => file.replace(/\.ts$/, ''))
}

/** Read directly: the Migrator would first create its table. */
async function appliedMigrations(client: pg.Client): Promise<string[]> {
  const table = await client.query(`select to_regclass('mikro_orm_migrations') is not null as exists`)
  if (!table.rows[0]?.exists) return []
  const { rows } = await client.query<{ name: string }>('select name from mikro_orm_migrations order by id')
  return rows.map(({ name }) => name.replace(/\.[jt]s$/, ''))
}
