import type pg from 'pg'
import { readDatabaseUrl } from '../config/database-url.ts'
import { type MigrationState, readMigrationState } from './applied-migrations.ts'
import { connectClient } from './connect.ts'

/*
 * Whether a database is one that calls can be kept in. The start refuses it with the first fault, the doctor tells all.
 */

const OLDEST_VERSION = 15
const ANSWER_MS = 5_000

/** What is said of a database; `topic` is what it concerns, in one word. */
export type DatabaseFault = {
  topic: 'version' | 'encoding' | 'pooling' | 'rights'
  finding: string
  mend: string
}

export type DatabaseFacts = {
  version: string
  versionNumber: number
  encoding: string
  role: string
  database: string
  /** The first schema of the search path that is there; null when none is. */
  schema: string | null
  searchPath: string
  mayCreateTables: boolean | null
  mayCreateSchemas: boolean
  mayCreateTemporary: boolean
  /** What makes a role more than a user of tables: such as superuser, createrole. */
  attributes: string[]
  /** How many tables of the schema, and of the job queue, this role may change. */
  ownTables: number
  hasQueue: boolean
  isReadOnly: boolean
  /** Tables of the schema, and of the job queue, that this role may not read and write. */
  closedTables: string[]
  /** Tables of the job queue that show no row to this role: row-level security, and no policy for it. */
  hiddenTables: string[]
  /** False when the job queue is there and this role may not use it. */
  mayUseQueue: boolean | null
  migrations: MigrationState
  pooling: Pooling
}

/** What stands between us and the server: nothing, a pooler that gives each client a server for itself, or one that does not. */
type Pooling = 'none' | 'session' | 'transaction'

const FACTS = `
  select current_setting('server_version') as version, current_setting('server_version_num')::int as "versionNumber",
    pg_encoding_to_char(d.encoding) as encoding, current_user as role, current_database() as database,
    current_schema() as schema, current_setting('search_path') as "searchPath",
    has_schema_privilege(current_schema(), 'create') as "mayCreateTables",
    has_database_privilege(current_database(), 'create') as "mayCreateSchemas",
    has_database_privilege(current_database(), 'temporary') as "mayCreateTemporary",
    (select array_remove(array[case when rolsuper then 'superuser' end, case when rolcreaterole then 'createrole' end,
        case when rolbypassrls then 'bypassrls' end, case when rolreplication then 'replication' end], null)
      from pg_roles where rolname = current_user) as attributes,
    (select count(*)::int from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in (current_schema(), 'graphile_worker') and c.relkind = 'r'
        and pg_has_role(c.relowner, 'usage')) as "ownTables",
    to_regnamespace('graphile_worker') is not null as "hasQueue",
    has_schema_privilege(to_regnamespace('graphile_worker'), 'usage') as "mayUseQueue",
    pg_is_in_recovery() or current_setting('default_transaction_read_only')::boolean as "isReadOnly",
    array(select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in (current_schema(), 'graphile_worker') and c.relkind = 'r'
        and to_regclass('mikro_orm_migrations') is not null
        and not (has_table_privilege(c.oid, 'select') and (c.relname in ('mikro_orm_migrations', 'migrations')
          or has_table_privilege(c.oid, 'insert') and has_table_privilege(c.oid, 'update')
            and has_table_privilege(c.oid, 'delete')))
      order by 1) as "closedTables",
    array(select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'graphile_worker' and c.relkind = 'r' and row_security_active(c.oid)
        and not exists (select from pg_policy p, unnest(p.polroles) grantee
          where p.polrelid = c.oid and (grantee = 0 or pg_has_role(grantee, 'usage')))
      order by 1) as "hiddenTables"
  from pg_database d where d.datname = current_database()`

/** Looks at a database and changes nothing in it. */
async function examineDatabase(client: pg.Client, pooling: Pooling): Promise<DatabaseFacts> {
  const { rows } = await client.query(FACTS)
  return { ...rows[0], pooling, migrations: await readMigrationState(client) }
}

/** Connects for it; the address has a TLS mode that pg has. */
export async function factsOf(url: string, applicationName: string): Promise<DatabaseFacts> {
  const own = { connectionTimeoutMillis: ANSWER_MS, query_timeout: ANSWER_MS }
  const client = await connectClient(url, { ...own, application_name: applicationName })
  try {
    return await examineDatabase(client, await poolingOf(client, url))
  } finally {
    await client.end()
  }
}

/** How often it is looked whether a second client gets the server of the first; other clients may take it away. */
const LOOKS = 3

/**
 * A pooler tells a key of its own in place of the server process's number. Where it gives its servers away after each
 * transaction, a second client gets the one that the first was served by, or the first gets another.
 */
async function poolingOf(client: pg.Client, url: string): Promise<Pooling> {
  const own = { connectionTimeoutMillis: ANSWER_MS, query_timeout: ANSWER_MS }
  for (let look = 0; look < LOOKS; look++) {
    const served = await serverProcess(client)
    const other = await connectClient(url, own)
    try {
      await other.query('begin')
      if ((await serverProcess(other)) === served || (await serverProcess(client)) !== served)
        return 'transaction'
    } finally {
      await other.end()
    }
  }
  const { processID } = client as unknown as { processID: number }
  return processID === (await serverProcess(client)) ? 'none' : 'session'
}

async function serverProcess(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  return rows[0]?.pid ?? 0
}

/** What anybody on the way can read; null when nobody can. */
export function plainTextFault(url: string): Pick<DatabaseFault, 'finding' | 'mend'> | null {
  const { sslMode, isLocal } = readDatabaseUrl(url)
  if (isLocal || sslMode !== 'disable') return null
  return {
    finding: "recordings and callers' words go over the network as plain text",
    mend: 'switch on TLS in PostgreSQL and add ?sslmode=verify-full to DATABASE_URL (docs/DEPLOYMENT.md)',
  }
}

/** Everything that makes calls go wrong, the worst first. */
export function faultsOf(facts: DatabaseFacts): DatabaseFault[] {
  return RULES.flatMap((rule) => rule(facts) ?? [])
}

type Rule = (facts: DatabaseFacts) => DatabaseFault | null

const RULES: Rule[] = [tooOld, pooledByTransaction, otherThanUtf8, readOnly, noSchema, noRights]

function tooOld({ version, versionNumber }: DatabaseFacts): DatabaseFault | null {
  if (versionNumber >= OLDEST_VERSION * 10_000) return null
  return {
    topic: 'version',
    finding: `it is PostgreSQL ${version.split(' ', 1)[0]}`,
    mend: `upgrade it to PostgreSQL ${OLDEST_VERSION} or newer, or set DATABASE_URL to one`,
  }
}

function pooledByTransaction({ pooling }: DatabaseFacts): DatabaseFault | null {
  if (pooling !== 'transaction') return null
  return {
    topic: 'pooling',
    finding:
      'a pooler gives its servers away after each transaction: news of calls (LISTEN), prepared statements and locks would be lost',
    mend: 'set DATABASE_URL to the server itself or to a pooler in session mode (PgBouncer: pool_mode = session)',
  }
}

/** The driver speaks UTF-8: an encoding with fewer letters refuses words that callers say, one without a name garbles them. */
function otherThanUtf8({ encoding, database }: DatabaseFacts): DatabaseFault | null {
  if (encoding === 'UTF8') return null
  return {
    topic: 'encoding',
    finding: `${database} is encoded in ${encoding}, which cannot hold every name and word`,
    mend: `make another one and set DATABASE_URL to it: create database ${quoted(`${database}_utf8`)} encoding 'UTF8' template template0`,
  }
}

function readOnly({ isReadOnly }: DatabaseFacts): DatabaseFault | null {
  if (!isReadOnly) return null
  return {
    topic: 'rights',
    finding: 'the database is read-only',
    mend: 'set DATABASE_URL to the primary server, not to a standby',
  }
}

function noSchema({ schema, searchPath }: DatabaseFacts): DatabaseFault | null {
  if (schema !== null) return null
  return {
    topic: 'rights',
    finding: `no schema of the search path (${searchPath}) is there, or may be used`,
    mend: `as the owner of the database run: create schema ${searchPath.split(',')[0]}; or correct the search path`,
  }
}

/** A role that may not change tables is enough where all of them are there. */
function noRights(facts: DatabaseFacts): DatabaseFault | null {
  const { role, database, schema, closedTables } = facts
  const topic = 'rights'
  if (closedTables.length > 0) {
    return {
      topic,
      finding: `${role} may not read and write ${closedTables[0]}${closedTables.length > 1 ? ` and ${closedTables.length - 1} more` : ''}`,
      mend: `${MIGRATE}, or as their owner: grant select, insert, update, delete on all tables in schema ${quoted(schemaOf(closedTables[0], schema))} to ${quoted(role)}`,
    }
  }
  if (facts.hiddenTables?.length > 0) {
    return {
      topic,
      finding: `${role} sees no rows of ${facts.hiddenTables[0]} (row-level security), and would do no jobs`,
      mend: `${MIGRATE}, or as its owner, for each of ${facts.hiddenTables.join(', ')}: create policy precall_runtime on … to ${quoted(role)} using (true) with check (true)`,
    }
  }
  if (facts.migrations.pending.length > 0 && !facts.mayCreateTables) {
    return {
      topic,
      finding: `${role} may not create tables in the schema ${schema ?? 'public'}`,
      mend: `${MIGRATE}, or as its owner: grant create on schema ${quoted(schema ?? 'public')} to ${quoted(role)}`,
    }
  }
  if (facts.mayUseQueue === false) {
    return {
      topic,
      finding: `${role} may not use the job queue, the schema graphile_worker`,
      mend: `${MIGRATE}, or as its owner: grant usage on schema graphile_worker to ${quoted(role)}`,
    }
  }
  if (facts.mayCreateTemporary === false) {
    return {
      topic,
      finding: `${role} may not make temporary tables, by which large samples are brought`,
      mend: `as the owner of the database run: grant temporary on database ${quoted(database)} to ${quoted(role)}`,
    }
  }
  if (facts.hasQueue || facts.mayCreateSchemas) return null
  return {
    topic,
    finding: `${role} may not create the schema of the job queue`,
    mend: `${MIGRATE}, or as the owner of the database: grant create on database ${quoted(database)} to ${quoted(role)}`,
  }
}

const MIGRATE = 'run `npm run migrate` with a role that may in MIGRATION_DATABASE_URL'

/** Tables of the first schema of the search path are named without it. */
const schemaOf = (table: string | undefined, first: string | null) =>
  table?.startsWith('graphile_worker.') ? 'graphile_worker' : (first ?? 'public')

/** What the role of the service may, and need not where another role migrates. */
export function excessOf(facts: DatabaseFacts): Pick<DatabaseFault, 'finding' | 'mend'>[] {
  const { attributes, ownTables, database } = facts
  const [role, schema] = [quoted(facts.role), quoted(facts.schema ?? 'public')]
  if (attributes.length > 0) {
    const without = attributes.map((attribute) => `no${attribute}`).join(' ')
    return [{ finding: `${facts.role} is ${attributes.join(', ')}`, mend: `alter role ${role} ${without}` }]
  }
  return [
    ...(ownTables > 0
      ? [{ finding: `${facts.role} owns ${ownTables} tables`, mend: `reassign owned by ${role} to OWNER` }]
      : []),
    ...(facts.mayCreateTables
      ? [
          {
            finding: `${facts.role} may create tables`,
            mend: `revoke create on schema ${schema} from ${role}`,
          },
        ]
      : []),
    ...(facts.mayCreateSchemas
      ? [
          {
            finding: `${facts.role} may create schemas`,
            mend: `revoke create on database ${quoted(database)} from ${role}`,
          },
        ]
      : []),
  ]
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

/** In one line, for whoever started the service. */
export const faultLine = (
  { finding, mend }: Pick<DatabaseFault, 'finding' | 'mend'>,
  setting = 'DATABASE_URL',
): string => `${setting}: ${finding}; ${mend}`

/** What to do about a server that answers and does not let us in; null when the error is another. */
export const refusalMend = (error: unknown): string | null =>
  REFUSALS[(error as { code?: string }).code ?? ''] ?? null

/** By SQLSTATE (PostgreSQL, appendix A). */
const REFUSALS: Record<string, string> = {
  '28P01': 'correct user and password in DATABASE_URL',
  '28000':
    'correct the user in DATABASE_URL, or let it in by pg_hba.conf (?sslmode=require if it asks for TLS)',
  '3D000': 'create that database with `createdb`, or correct its name at the end of DATABASE_URL',
  '42501': 'run `npm run migrate` with a role that may in MIGRATION_DATABASE_URL (docs/DEPLOYMENT.md)',
  '53300': 'raise max_connections of PostgreSQL: each node of the service needs about 30',
}
