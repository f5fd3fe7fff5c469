import { parseArgs } from 'node:util'

export const USAGE = `Looks at everything that calls depend on, and prints a line for each with how to mend it.

  npm run doctor -- [options]

  --fix    mend at ElevenLabs and Twilio what can be mended there, and look again

It reads the settings of the service: from the environment, and from .env in this folder.
The exit status is 0 when nothing FAILs, 1 when something does, 2 for wrong options.`

/** The command was given something that it does not understand. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Reads the command line. Returns null when help is asked for. Throws UsageError. */
export function readDoctorOptions(args: string[]): { fix: boolean } | null {
  try {
    const options = { fix: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const
    const { fix = false, help } = parseArgs({ args, options }).values
    return help ? null : { fix }
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\nUsage: npm run doctor [-- --fix]`)
  }
}
