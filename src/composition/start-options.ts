import { parseArgs } from 'node:util'
import { DEMO_SERVICE } from '../demo/demo-messages.ts'

export const START_USAGE = `Starts the service. It takes settings from the environment and from .env in this folder (docs/settings.md).

  npm start

  npm run call      a test call from the terminal
  npm run doctor    looks at everything that calls depend on
  npm run migrate   brings the database up to date, as a role that may
  npm run replay    steps a recorded call through the statechart
  npm run model     proves and draws the statechart`

/** The command was given something that it does not understand. */
export class StartUsageError extends Error {
  override readonly name = 'StartUsageError'
}

/** Reads the command line; `help` when it is asked for. @throws StartUsageError */
export function readStartOptions(args: string[]): { help: boolean; isDemoService: boolean } {
  const options = {
    help: { type: 'boolean', short: 'h' },
    [DEMO_SERVICE.replace('--', '')]: { type: 'boolean' },
  } as const
  try {
    const { help = false, ...values } = parseArgs({ args, options }).values
    return { help, isDemoService: Object.values(values).includes(true) }
  } catch (error) {
    throw new StartUsageError(`${(error as Error).message}\n\n${START_USAGE}`)
  }
}
