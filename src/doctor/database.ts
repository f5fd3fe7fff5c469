import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { describeDatabaseUrl, readDatabaseUrl } from '../config/database-url.ts'
import { settleTls } from '../persistence/connect.ts'
import {
  type DatabaseFacts,
  type DatabaseFault,
  excessOf,
  factsOf,
  faultsOf,
  plainTextFault,
  refusalMend,
} from '../persistence/database-fitness.ts'
import { examineClocks } from './clocks.ts'
import { examineEmbedded } from './embedded-server.ts'
import { type Check, type Finding, fail, ok, warn } from './finding.ts'
import { unreachableBecause } from './network-failure.ts'
import { examineTrunks } from './trunks.ts'

/** Creating and starting an embedded server may take a minute on a slow machine. */
const LIMIT_MS = 90_000

export function databaseCheck(config: Config): Check {
  const { url } = config.database
  const examine = (at: string, where: string) => inspect(at, where, config)
  return {
    name: 'database',
    limitMs: LIMIT_MS,
    run: () =>
      url === null
        ? examineEmbedded(join(config.dataDir, 'postgres'), examine)
        : examine(url, `at ${placeOf(url)}`),
  }
}

function placeOf(url: string): string {
  const { host, port } = readDatabaseUrl(url).client
  return port && !host?.startsWith('/') ? `${host}:${port}` : `${host}`
}

/** Looks at a database and changes nothing in it. `where` says in a few words which one it is. */
async function* inspect(url: string, where: string, config?: Config): AsyncGenerator<Finding> {
  const migrationUrl = config?.database.migrationUrl ?? null
  try {
    const settled = await settleTls(url)
    const facts = await factsOf(settled, 'precall doctor')
    yield* findingsOf(facts, where, migrationUrl !== null)
    if (migrationUrl !== null) yield await migrationRoleFinding(migrationUrl)
    yield connectionFinding(settled, facts)
    yield migrationsFinding(facts)
    yield* await examineClocks(settled)
    if (config) yield* await examineTrunks(settled, config)
  } catch (error) {
    yield unreachable(error, where)
  }
}

const NAMES: Record<DatabaseFault['topic'], string> = {
  version: 'database',
  encoding: 'database encoding',
  pooling: 'database pooling',
  rights: 'database rights',
}

function findingsOf(facts: DatabaseFacts, where: string, isApart: boolean): Finding[] {
  const { version, encoding } = facts
  const faults = faultsOf(facts)
  const isWell = (topic: DatabaseFault['topic']) => faults.every((fault) => fault.topic !== topic)
  const found = `PostgreSQL ${version.split(' ', 1)[0]} ${where}`
  return [
    ...(isWell('version') ? [ok(NAMES.version, `${found}, ${encoding}`)] : []),
    ...faults.map(({ topic, finding, mend }) => fail(NAMES[topic], `${finding} (${found})`, mend)),
    ...(isWell('rights') ? rightsFindings(facts, isApart) : []),
  ]
}

/** What is there can be used; where another role migrates, more than that is too much. */
function rightsFindings(facts: DatabaseFacts, isApart: boolean): Finding[] {
  const { role, mayCreateTables } = facts
  const excess = isApart ? excessOf(facts) : []
  if (excess.length > 0) {
    const why = 'which MIGRATION_DATABASE_URL leaves to another role'
    return excess.map(({ finding, mend }) => warn(NAMES.rights, `${finding}, ${why}`, `run: ${mend}`))
  }
  const rights = mayCreateTables ? 'may create tables' : 'may use the tables, which are all there'
  return [ok(NAMES.rights, `${role} ${rights}`)]
}

/** Whether the other role could migrate, if something were pending. */
async function migrationRoleFinding(url: string): Promise<Finding> {
  const name = 'database migration role'
  try {
    const facts = await factsOf(await settleTls(url), 'precall doctor')
    const [fault] = faultsOf(facts)
    if (fault) return fail(name, fault.finding, fault.mend)
    if (!facts.mayCreateTables)
      return fail(name, `${facts.role} may not create tables`, 'name their owner in MIGRATION_DATABASE_URL')
    return ok(name, `${facts.role} may change the tables`)
  } catch (error) {
    const mend = refusalMend(error)?.replace('DATABASE_URL', 'MIGRATION_DATABASE_URL')
    return fail(name, (error as Error).message, mend ?? 'correct MIGRATION_DATABASE_URL')
  }
}

/** The settings of every connection that the service makes. */
function connectionFinding(url: string, { pooling }: DatabaseFacts): Finding {
  const name = 'database connection'
  const pooler = pooling === 'session' ? ', through a pooler in session mode' : ''
  const found = `${describeDatabaseUrl(url)}${pooler}`
  const fault = plainTextFault(url)
  return fault === null ? ok(name, found) : warn(name, `${found}: ${fault.finding}`, fault.mend)
}

function unreachable(error: unknown, where: string): Finding {
  const refusal = refusalMend(error)
  if (refusal) return fail('database', `PostgreSQL ${where} refuses: ${(error as Error).message}`, refusal)
  return fail(
    'database',
    `PostgreSQL ${where} cannot be reached: ${unreachableBecause(error)}`,
    'start PostgreSQL there, or correct host, port and sslmode in DATABASE_URL; without DATABASE_URL the service brings its own',
  )
}

function migrationsFinding({ migrations }: DatabaseFacts): Finding {
  const name = 'database migrations'
  const { known, applied, pending, strangers } = migrations
  if (strangers.length > 0) {
    return warn(
      name,
      `the database is newer than this checkout: ${strangers.join(', ')} applied`,
      'check out the version of the service that the database was migrated by, or a newer one',
    )
  }
  const rest = pending.length > 0 ? ', `npm start` applies the rest' : ''
  return ok(name, `${applied} of ${known} applied${rest}`)
}
