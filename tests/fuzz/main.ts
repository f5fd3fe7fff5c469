import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedPostgres } from '../../src/persistence/embedded-postgres.ts'
import { commandOptions } from '../support/command-options.ts'
import { runFuzz } from './fuzz.ts'
import { FUZZ_USAGE, fuzzOptions } from './options.ts'

/* npm run fuzz: odd input for everything that reads what strangers send; its last line is one of JSON. */

const NOT_FINISHED = 3
const print = (text: string) => void process.stdout.write(`${text}\n`)
const say = (text: string) => void process.stderr.write(`${text}\n`)

const options = commandOptions(FUZZ_USAGE, fuzzOptions)
say(`seed ${options.seed}`)
const given = process.env.TEST_DATABASE_URL
const folder = await mkdtemp(join(tmpdir(), 'precall-fuzz-'))
const postgres = given ? { url: given, stop: async () => {} } : await startEmbeddedPostgres(folder)
const status = await run().catch((error: Error) => {
  say(`The run is not finished: ${error.stack}`)
  return NOT_FINISHED
})
await postgres.stop()
await rm(folder, { recursive: true, force: true })
process.exit(status)

async function run(): Promise<0 | 1> {
  const { outcome } = await runFuzz(options, { postgresUrl: postgres.url, say })
  const { crashes, serverErrors, hangs, logged } = outcome
  const isWell = crashes + serverErrors + hangs + logged === 0
  say(isWell ? 'Nothing was found.' : `--seed ${options.seed} --only TARGET --case N does a case again.`)
  print(JSON.stringify(outcome))
  return isWell ? 0 : 1
}
