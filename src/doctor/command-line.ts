import { readArgs } from '../commands/command.ts'

export const SYNOPSIS = 'npm run doctor -- [options]'

export const USAGE = `Looks at everything that calls depend on, and prints a line for each with how to mend it.

  ${SYNOPSIS}

  --fix    mend at ElevenLabs and Twilio what can be mended there, and look again

It reads the settings of the service: from the environment, and from .env in this folder.
The exit status is 0 when nothing FAILs, 1 when something does, 2 for wrong options.`

/** @throws UsageError */
export function readDoctorOptions(args: string[]): { fix: boolean } {
  const { fix = false } = readArgs({ args, options: { fix: { type: 'boolean' } } }).values
  return { fix }
}
