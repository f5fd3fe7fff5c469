import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Config, ConfigError } from '../config/config.ts'
import { type RecordedCall, UnreplayableCall } from '../replay/recorded-call.ts'

/** SQLSTATE (PostgreSQL, appendix A) of a table or column that is not there. */
const NOT_MIGRATED = ['42P01', '42703']

/**
 * Looks in the database of the settings, and changes nothing in it. What it takes is loaded here, for files need none of it.
 * @throws UnreplayableCall when that database cannot be asked
 */
export async function findRecordedCall(id: string, loadConfig: () => Config): Promise<RecordedCall | null> {
  const { pino } = await import('pino')
  const { openDatabase } = await import('../persistence/database.ts')
  const { settleTls } = await import('../persistence/connect.ts')
  const { recordedCalls } = await import('../persistence/recorded-calls.ts')
  const { url, stop } = await databaseOf(settings(loadConfig))
  try {
    const database = await openDatabase(await settleTls(url), pino({ level: 'silent' }))
    try {
      return await recordedCalls(database)(id)
    } finally {
      await database.close()
    }
  } catch (error) {
    throw unusable(error)
  } finally {
    await stop()
  }
}

async function databaseOf({
  database,
  dataDir,
}: Config): Promise<{ url: string; stop: () => Promise<void> }> {
  if (database.url) return { url: database.url, stop: async () => {} }
  const directory = join(dataDir, 'postgres')
  const isThere = await stat(join(directory, 'cluster')).catch(() => null)
  if (!isThere)
    throw new UnreplayableCall(
      `No call was recorded here yet: ${dataDir} holds no database. Set DATA_DIR or DATABASE_URL to where the service keeps its calls.`,
    )
  const { startEmbeddedPostgres } = await import('../persistence/embedded-postgres.ts')
  return startEmbeddedPostgres(directory)
}

function settings(loadConfig: () => Config): Config {
  try {
    return loadConfig()
  } catch (error) {
    throw error instanceof ConfigError ? new UnreplayableCall(error.message, { cause: error }) : error
  }
}

function unusable(error: unknown): unknown {
  if (error instanceof UnreplayableCall) return error
  const { code = '', message } = error as NodeJS.ErrnoException
  const mend = NOT_MIGRATED.includes(code)
    ? 'it is older than this checkout; start the service once, which brings it up to date'
    : 'start it, or correct DATABASE_URL'
  return new UnreplayableCall(`The database cannot be asked (${message || code}): ${mend}.`, { cause: error })
}
