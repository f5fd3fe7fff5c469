import { WRONG_SETTINGS } from './commands/exit-status.ts'
import { linePrinter } from './commands/print-line.ts'
import { migrateCommand } from './composition/migrate-command.ts'
import { UnusableDatabase } from './composition/unusable-database.ts'
import { ConfigError, loadConfig } from './config/config.ts'

const readDatabase = () => loadConfig().database

process.exitCode = await migrateCommand({
  args: process.argv.slice(2),
  print: linePrinter(),
  readDatabase,
}).catch((error: unknown) => {
  if (!(error instanceof ConfigError || error instanceof UnusableDatabase)) throw error
  process.stderr.write(`${error.message}\n`)
  return error instanceof ConfigError ? WRONG_SETTINGS : 1
})
