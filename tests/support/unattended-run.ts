import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Command, runCommand, UsageError } from '../../src/commands/command.ts'
import { startEmbeddedPostgres } from '../../src/persistence/embedded-postgres.ts'

/*
 * A long run of a command on a PostgreSQL: the one of TEST_DATABASE_URL, else one of its own, which is gone afterwards. Its
 * last line on stdout is for programs, and stderr tells how it goes.
 */

const NOT_FINISHED = 3

type Run = { postgresUrl: string; say: (text: string) => void; print: (text: string) => void }

export type UnattendedRun<Options> = Omit<Command<Options>, 'run'> & {
  /** Of its folder, while it runs. */
  name: string
  /** Of the command line, by default. */
  args?: string[]
  run: (options: Options, run: Run) => Promise<number>
}

/** Ends the process with the run's exit status. */
export async function runUnattended<Options>(asked: UnattendedRun<Options>): Promise<never> {
  const command = { ...asked, run: (options: Options) => onPostgres(asked, options).catch(notFinished) }
  process.exit(await runCommand(command, { args: asked.args ?? process.argv.slice(2), print }))
}

async function onPostgres<Options>({ name, run }: UnattendedRun<Options>, options: Options): Promise<number> {
  const given = process.env.TEST_DATABASE_URL
  const folder = await mkdtemp(join(tmpdir(), `precall-${name}-`))
  const postgres = given ? { url: given, stop: async () => {} } : await startEmbeddedPostgres(folder)
  try {
    return await run(options, { postgresUrl: postgres.url, say, print })
  } finally {
    await postgres.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

function notFinished(error: Error): number {
  if (error instanceof UsageError) throw error
  say(`The run is not finished: ${error.stack}`)
  return NOT_FINISHED
}

const print = (text: string) => void process.stdout.write(`${text}\n`)
const say = (text: string) => void process.stderr.write(`${text}\n`)
