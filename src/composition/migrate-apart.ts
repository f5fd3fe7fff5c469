import type { Logger } from 'pino'
import { readDatabaseUrl } from '../config/database-url.ts'
import { settleTls } from '../persistence/connect.ts'
import { migrateAll, openDatabase } from '../persistence/database.ts'
import { factsOf, faultLine, faultsOf } from '../persistence/database-fitness.ts'
import { UnusableDatabase } from './unusable-database.ts'

const SETTING = 'MIGRATION_DATABASE_URL'
/** SQLSTATE (PostgreSQL, appendix A): undefined_object, here a role. */
const NO_SUCH_ROLE = '42704'

export type Migrated = { applied: string[]; migrationRole: string; runtimeRole: string }

/**
 * Brings the tables up to date as the role that may change them, and lets the role of the service use them.
 * @throws UnusableDatabase
 */
export async function migrateApart(migrationUrl: string, runtimeUrl: string, log: Logger): Promise<Migrated> {
  const runtimeRole = readDatabaseUrl(runtimeUrl).client.user ?? ''
  try {
    const url = await settleTls(migrationUrl)
    const facts = await factsOf(url, 'precall migrate')
    const [fault] = faultsOf(facts)
    if (fault) throw new UnusableDatabase(faultLine(fault, SETTING))
    const { role: migrationRole, migrations } = facts
    await migrate(url, log, runtimeRole === migrationRole ? null : runtimeRole)
    return { applied: migrations.pending, migrationRole, runtimeRole }
  } catch (error) {
    if (error instanceof UnusableDatabase) throw error
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== NO_SUCH_ROLE) throw UnusableDatabase.because(error, SETTING)
    const mend = `create role "${runtimeRole}" login password '…'`
    throw new UnusableDatabase(`DATABASE_URL: ${message}; as a role that may run: ${mend}`, { cause: error })
  }
}

async function migrate(url: string, log: Logger, runtimeRole: string | null): Promise<void> {
  const database = await openDatabase(url, log)
  try {
    await migrateAll(database, url, log, runtimeRole)
  } finally {
    await database.close()
  }
}
