import pino from 'pino'
import { runCommand } from '../commands/command.ts'
import { linePrinter } from '../commands/print-line.ts'
import { environment, settingSources } from '../config/config.ts'
import { misspeltSettings } from '../config/unknown-settings.ts'
import { logWhatLibrariesPrint } from '../observability/capture-console.ts'
import { readDoctorOptions, SYNOPSIS, USAGE } from './command-line.ts'
import { runDoctor } from './doctor.ts'

/** `npm run doctor`, and `npm run doctor -- --fix` to mend what can be mended; see docs/doctor.md. */
const print = linePrinter()

logWhatLibrariesPrint(pino({ level: 'silent' }))

const misspelt = () => misspeltSettings(settingSources())

const doctor = {
  synopsis: SYNOPSIS,
  usage: USAGE,
  read: readDoctorOptions,
  run: async (options: { fix: boolean }) =>
    (await runDoctor({ env: environment, misspelt, ...options, print })) ? 0 : 1,
}

const status = await runCommand(doctor, { args: process.argv.slice(2), print })
// Whatever hangs has been reported, and need not be waited for.
process.exit(status)
