import { parseArgs } from 'node:util'
import pino from 'pino'
import { migrateApart } from './composition/migrate-apart.ts'
import { UnusableDatabase } from './composition/unusable-database.ts'
import { ConfigError, loadConfig } from './config/config.ts'

/*
 * `npm run migrate`: brings the tables up to date with a role that may change them, so that the service can run with one that
 * may only read and write them; docs/DEPLOYMENT.md tells how.
 */

/** What a shell shows for a command that was given wrong settings (sysexits.h, EX_CONFIG). */
const WRONG_SETTINGS = 78

const WRONG_USAGE = 2

const USAGE = `Brings the database of DATABASE_URL up to date, as the role of MIGRATION_DATABASE_URL where that is set.

  npm run migrate

The role of DATABASE_URL is let read and write the tables then, and change none. The exit code is 0 when nothing is pending any
more; docs/DEPLOYMENT.md tells how to use two roles.`

const tell = (line: string) => process.stdout.write(`${line}\n`)

process.exitCode = await run().catch((error: unknown) => {
  if (!(error instanceof ConfigError || error instanceof UnusableDatabase)) throw error
  process.stderr.write(`${error.message}\n`)
  return error instanceof ConfigError ? WRONG_SETTINGS : 1
})

async function run(): Promise<number> {
  const help = readHelp()
  if (help !== null) {
    tell(help.why)
    return help.status
  }
  const { url, migrationUrl } = loadConfig().database
  if (url === null) {
    tell(
      'DATABASE_URL is not set: the database in DATA_DIR is the service’s own, and `npm start` migrates it.',
    )
    return 0
  }
  const { applied, migrationRole, runtimeRole } = await migrateApart(
    migrationUrl ?? url,
    url,
    pino({ level: 'silent' }),
  )
  for (const name of applied) tell(`applied ${name}`)
  tell(applied.length > 0 ? `${applied.length} migrations applied` : 'nothing is pending')
  if (runtimeRole !== migrationRole) tell(`${runtimeRole} may read and write the tables, and change none`)
  return 0
}

/** Null when the command line says nothing, which is all that there is to say. */
function readHelp(): { why: string; status: number } | null {
  try {
    const { help } = parseArgs({ options: { help: { type: 'boolean', short: 'h' } } }).values
    return help ? { why: USAGE, status: 0 } : null
  } catch (error) {
    return { why: `${(error as Error).message}\n\n${USAGE}`, status: WRONG_USAGE }
  }
}
