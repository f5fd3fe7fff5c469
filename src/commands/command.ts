import { type ParseArgsConfig, parseArgs } from 'node:util'
import { WRONG_USAGE } from './exit-status.ts'

/*
 * How every command reads its arguments, explains itself, and says which argument it does not understand.
 */

/** The command was given something that it does not understand; the message says what, and what it wants instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** `parseArgs` of Node. `--help` is no option of a command: `runCommand` answers it. @throws UsageError */
export function readArgs<Config extends ParseArgsConfig>(config: Config) {
  try {
    return parseArgs(config)
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error })
  }
}

export type Command<Options> = {
  /** How it is called, in a line: `npm run call -- [options]`. */
  synopsis: string
  /** What `--help` prints. */
  usage: string
  /** @throws UsageError */
  read: (args: string[]) => Options
  /** Resolves with the exit status. */
  run: (options: Options) => Promise<number>
}

/** Where a command runs. */
export type CommandLine = {
  args: string[]
  print: (line: string) => void
  /** Takes what was not understood; stderr by default. */
  complain?: (line: string) => void
}

const HELP: readonly string[] = ['--help', '-h']

/** Runs the command, or explains it. A usage error is told with how the command is called. Resolves with the exit status. */
export async function runCommand<Options>(
  { synopsis, usage, read, run }: Command<Options>,
  { args, print, complain = toStderr }: CommandLine,
): Promise<number> {
  if (args.some((arg) => HELP.includes(arg))) {
    print(usage)
    return 0
  }
  try {
    return await run(read(args))
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    complain(error.message)
    complain(`Usage: ${synopsis}; --help tells more.`)
    return WRONG_USAGE
  }
}

const toStderr = (line: string) => void process.stderr.write(`${line}\n`)
