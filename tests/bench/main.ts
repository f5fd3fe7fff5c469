import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readArgs, runCommand, UsageError } from '../../src/commands/command.ts'
import { startEmbeddedPostgres } from '../../src/persistence/embedded-postgres.ts'
import { benchCommits } from './commits.ts'
import { benchFeed } from './feed.ts'
import { benchFormats } from './formats.ts'
import { benchJoin } from './join.ts'
import { benchRelay, relayTable } from './relay.ts'
import { benchSip } from './sip.ts'
import { benchStalls } from './stalls.ts'
import { benchWebhooks } from './webhooks.ts'

/* npm run bench [-- webhooks commits join relay formats sip feed stalls]: each figure beside its reference, measured in the same run. */

const NAMES = ['webhooks', 'commits', 'join', 'relay', 'formats', 'sip', 'feed', 'stalls']
const SYNOPSIS = `npm run bench -- [${NAMES.join('] [')}]`
const USAGE = `Usage: ${SYNOPSIS}; all of them when none is named.`

/** Twice as many events as fifty calls on hold make. */
const FEED_LOAD = { calls: 1_000, eventsPerSecond: 100, pages: 20, spoken: 50, seconds: 3, rounds: 12 }

const print = (text: string) => void process.stdout.write(`${text}\n\n`)

process.exitCode = await runCommand(
  { synopsis: SYNOPSIS, usage: USAGE, read: readNames, run: measure },
  { args: process.argv.slice(2), print },
)

/** @throws UsageError */
function readNames(args: string[]): string[] {
  const { positionals } = readArgs({ args, allowPositionals: true })
  const unknown = positionals.filter((name) => !NAMES.includes(name))
  if (unknown.length > 0) throw new UsageError(`Nothing is measured by the name ${unknown.join(', ')}.`)
  return positionals.length > 0 ? positionals : NAMES
}

/** Resolves with 1 when a figure is not what it must be. */
async function measure(names: string[]): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'precall-bench-'))
  const postgres = await startEmbeddedPostgres(folder)
  try {
    return (await areHeld(new Set(names), postgres.url)) ? 0 : 1
  } finally {
    await postgres.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

async function areHeld(names: ReadonlySet<string>, url: string): Promise<boolean> {
  const held: boolean[] = []
  const printHeld = ([text, isHeld]: [string, boolean]) => {
    print(text)
    held.push(isHeld)
  }
  if (names.has('webhooks'))
    printHeld(await benchWebhooks(url, { callsPerSecond: 50, seconds: 15, rounds: 3, live: 1_000 }))
  if (names.has('commits')) printHeld(await benchCommits(url, { seconds: 5, rounds: 3 }))
  if (names.has('join')) print(await benchJoin(url, { calls: 20 }))
  if (names.has('relay')) print(relayTable(await benchRelay({ calls: 100, seconds: 10, rounds: 5 })))
  if (names.has('formats')) print(await benchFormats({ calls: 20, seconds: 4, rounds: 3 }))
  if (names.has('sip')) print(await benchSip(url, { calls: 50, talkSeconds: 10 }))
  if (names.has('feed')) print(await benchFeed(url, FEED_LOAD))
  if (names.has('stalls')) {
    const { text, isHeld } = await benchStalls(url, { rounds: 3 })
    printHeld([text, isHeld])
  }
  return !held.includes(false)
}
