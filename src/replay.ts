import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { linePrinter } from './commands/print-line.ts'
import { ConfigError, loadConfig } from './config/config.ts'
import { whyChartDoesNotLoad } from './model/load-call-chart.ts'
import { type RecordedCall, UnreplayableCall } from './replay/recorded-call.ts'

/* `npm run replay`: a recorded call, stepped through the statechart of today. */

/** SQLSTATE (PostgreSQL, appendix A) of a table or column that is not there. */
const NOT_MIGRATED = ['42P01', '42703']

const NOTHING_REPLAYED = 2
const print = linePrinter()

process.exitCode = await run()

async function run(): Promise<number> {
  const fault = await whyChartDoesNotLoad()
  if (fault !== null) {
    print(fault)
    return NOTHING_REPLAYED
  }
  const { replayCommand } = await import('./replay/replay-command.ts')
  const terminal = { input: process.stdin, output: process.stdout }
  return replayCommand({ args: process.argv.slice(2), print, terminal, findCall })
}

/** Looks in the database of the settings, and changes nothing in it. What it takes is loaded here, for files need none of it. */
async function findCall(id: string): Promise<RecordedCall | null> {
  const { pino } = await import('pino')
  const { openDatabase } = await import('./persistence/database.ts')
  const { settleTls } = await import('./persistence/connect.ts')
  const { recordedCalls } = await import('./persistence/recorded-calls.ts')
  const { url, stop } = await databaseOfTheSettings()
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

async function databaseOfTheSettings(): Promise<{ url: string; stop: () => Promise<void> }> {
  const { database, dataDir } = settings()
  if (database.url) return { url: database.url, stop: async () => {} }
  const directory = join(dataDir, 'postgres')
  const isThere = await stat(join(directory, 'cluster')).catch(() => null)
  if (!isThere)
    throw new UnreplayableCall(
      `No call was recorded here yet: ${dataDir} holds no database. Set DATA_DIR or DATABASE_URL to where the service keeps its calls.`,
    )
  const { startEmbeddedPostgres } = await import('./persistence/embedded-postgres.ts')
  return startEmbeddedPostgres(directory)
}

function settings() {
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
