import pino from 'pino'
import { environment, settingSources } from '../config/config.ts'
import { misspeltSettings } from '../config/unknown-settings.ts'
import { logWhatLibrariesPrint } from '../observability/capture-console.ts'
import { readDoctorOptions, USAGE, UsageError } from './command-line.ts'
import { runDoctor } from './doctor.ts'

/** `npm run doctor`, and `npm run doctor -- --fix` to mend what can be mended; see docs/doctor.md. */
const print = (line: string) => process.stdout.write(`${line}\n`)

logWhatLibrariesPrint(pino({ level: 'silent' }))

const misspelt = () => misspeltSettings(settingSources())

async function examine(args: string[]): Promise<number> {
  const options = readDoctorOptions(args)
  if (options) return (await runDoctor({ env: environment, misspelt, ...options, print })) ? 0 : 1
  print(USAGE)
  return 0
}

const status = await examine(process.argv.slice(2)).catch((error: unknown) => {
  if (!(error instanceof UsageError)) throw error
  print(error.message)
  return 2
})
// Whatever hangs has been reported, and need not be waited for.
process.exit(status)
