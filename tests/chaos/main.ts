import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedPostgres } from '../../src/persistence/embedded-postgres.ts'
import { commandOptions } from '../support/command-options.ts'
import { runChaos } from './chaos.ts'
import { CHAOS_USAGE, chaosOptions } from './options.ts'
import { brokenIn } from './outcome.ts'
import { told } from './report.ts'

/* npm run chaos: calls over several nodes while everything around them fails; its last line is one of JSON. */

const NOT_FINISHED = 3
const print = (text: string) => void process.stdout.write(`${text}\n`)
const say = (text: string) => void process.stderr.write(`${text}\n`)

/** Most of a process's start is reading its packages, and nodes are started by the dozen. */
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'precall-compile-cache')

const options = commandOptions(CHAOS_USAGE, chaosOptions)
say(`seed ${options.seed}: ${JSON.stringify({ ...options, only: options.only && [...options.only] })}`)
const given = process.env.TEST_DATABASE_URL
const folder = await mkdtemp(join(tmpdir(), 'precall-chaos-'))
const postgres = given ? { url: given, stop: async () => {} } : await startEmbeddedPostgres(folder)
const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => stopping.abort(new Error(`The run is stopped by ${signal}.`)))
const status = await run().catch((error) => {
  say(`The run is not finished: ${error.stack}`)
  return NOT_FINISHED
})
await postgres.stop()
await rm(folder, { recursive: true, force: true })
process.exit(status)

async function run(): Promise<0 | 1> {
  const given = { postgresUrl: postgres.url, say, stopped: stopping.signal }
  const { outcome, findings, leftovers, faults } = await runChaos(options, given)
  for (const finding of findings) if (finding.broken !== 'excused') say(told(finding, options.seed, faults))
  for (const line of leftovers) say(`LEFT: ${line}`)
  if (outcome.late.isLate) say('This machine was too busy for its times to mean anything.')
  const broken = brokenIn(outcome)
  const verdict = `Broken: ${broken.join(', ')}. --seed ${options.seed} repeats it.`
  say(broken.length === 0 ? 'Every promise was kept.' : verdict)
  print(JSON.stringify(outcome))
  return broken.length === 0 ? 0 : 1
}
