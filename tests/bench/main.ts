import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
const USAGE = `Usage: npm run bench [-- ${NAMES.join(' ')}]; all of them when none is named.`

/** Twice as many events as fifty calls on hold make. */
const FEED_LOAD = { calls: 1_000, eventsPerSecond: 100, pages: 20, spoken: 50, seconds: 3, rounds: 12 }

const print = (text: string) => process.stdout.write(`${text}\n\n`)
const printHeld = ([text, isHeld]: [string, boolean]) => {
  print(text)
  if (!isHeld) process.exitCode = 1
}
const asked = process.argv.slice(2)
const wants = (name: string) => asked.length === 0 || asked.includes(name)
const isHelpWanted = asked.some((name) => ['--help', '-h'].includes(name))
if (isHelpWanted || !asked.every((name) => NAMES.includes(name))) {
  print(USAGE)
  process.exit(isHelpWanted ? 0 : 2)
}

const folder = await mkdtemp(join(tmpdir(), 'precall-bench-'))
const postgres = await startEmbeddedPostgres(folder)
try {
  if (wants('webhooks'))
    printHeld(await benchWebhooks(postgres.url, { callsPerSecond: 50, seconds: 15, rounds: 3, live: 1_000 }))
  if (wants('commits')) printHeld(await benchCommits(postgres.url, { seconds: 5, rounds: 3 }))
  if (wants('join')) print(await benchJoin(postgres.url, { calls: 20 }))
  if (wants('relay')) print(relayTable(await benchRelay({ calls: 100, seconds: 10, rounds: 5 })))
  if (wants('formats')) print(await benchFormats({ calls: 20, seconds: 4, rounds: 3 }))
  if (wants('sip')) print(await benchSip(postgres.url, { calls: 50, talkSeconds: 10 }))
  if (wants('feed')) print(await benchFeed(postgres.url, FEED_LOAD))
  if (wants('stalls')) {
    const { text, isHeld } = await benchStalls(postgres.url, { rounds: 3 })
    print(text)
    if (!isHeld) process.exitCode = 1
  }
} finally {
  await postgres.stop()
  await rm(folder, { recursive: true, force: true })
}
