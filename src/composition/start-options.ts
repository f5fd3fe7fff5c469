import { readArgs } from '../commands/command.ts'
import { DEMO_SERVICE } from '../demo/demo-messages.ts'

export const START_SYNOPSIS = 'npm start'

export const START_USAGE = `Starts the service. It takes settings from the environment and from .env in this folder (docs/settings.md).

  ${START_SYNOPSIS}

  npm run call      a test call from the terminal
  npm run doctor    looks at everything that calls depend on
  npm run migrate   brings the database up to date, as a role that may
  npm run replay    steps a recorded call through the statechart
  npm run model     proves and draws the statechart`

export type StartOptions = { isDemoService: boolean }

/** @throws UsageError */
export function readStartOptions(args: string[]): StartOptions {
  const options = { [DEMO_SERVICE.replace('--', '')]: { type: 'boolean' } } as const
  return { isDemoService: Object.values(readArgs({ args, options }).values).includes(true) }
}
