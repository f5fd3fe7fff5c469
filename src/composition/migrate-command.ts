import pino from 'pino'
import { type CommandLine, readArgs, runCommand } from '../commands/command.ts'
import type { Config } from '../config/config.ts'
import { migrateApart } from './migrate-apart.ts'

/*
 * `npm run migrate`: brings the tables up to date with a role that may change them, so that the service can run with one that
 * may only read and write them; docs/DEPLOYMENT.md tells how.
 */

const SYNOPSIS = 'npm run migrate'

const USAGE = `Brings the database of DATABASE_URL up to date, as the role of MIGRATION_DATABASE_URL where that is set.

  ${SYNOPSIS}

The role of DATABASE_URL is let read and write the tables then, and change none. The exit code is 0 when nothing is pending any
more; docs/DEPLOYMENT.md tells how to use two roles.`

type Surroundings = CommandLine & { readDatabase: () => Config['database'] }

/** Resolves with the exit status. @throws UnusableDatabase, and what `readDatabase` throws */
export function migrateCommand(surroundings: Surroundings): Promise<number> {
  const command = {
    synopsis: SYNOPSIS,
    usage: USAGE,
    read: (args: string[]) => void readArgs({ args }),
    run: () => migrate(surroundings),
  }
  return runCommand(command, surroundings)
}

async function migrate({ readDatabase, print }: Surroundings): Promise<number> {
  const { url, migrationUrl } = readDatabase()
  if (url === null) {
    print(
      'DATABASE_URL is not set: the database in DATA_DIR is the service’s own, and `npm start` migrates it.',
    )
    return 0
  }
  const log = pino({ level: 'silent' })
  const { applied, migrationRole, runtimeRole } = await migrateApart(migrationUrl ?? url, url, log)
  for (const name of applied) print(`applied ${name}`)
  print(applied.length > 0 ? `${applied.length} migrations applied` : 'nothing is pending')
  if (runtimeRole !== migrationRole) print(`${runtimeRole} may read and write the tables, and change none`)
  return 0
}
