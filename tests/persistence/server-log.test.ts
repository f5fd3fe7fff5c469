import { randomUUID } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { openStorage, type Storage } from '../../src/composition/storage.ts'
import { connectClient } from '../../src/persistence/connect.ts'
import { contentOf } from '../../src/runtime/spool.ts'
import { startOwnPostgres } from '../support/own-postgres.ts'

/* Recordings and words of callers are in tables, and in no log of PostgreSQL's, whatever statement fails. */

const MARKER = 'what-only-this-caller-said'
const HEX = Buffer.from(MARKER).toString('hex')
const silent = pino({ level: 'silent' })

/** Every text and recording that comes from outside, each with the marker in it. */
function writings(storage: Storage): Promise<unknown>[] {
  const bytes = Buffer.from(MARKER.repeat(20))
  const sample = { fileName: MARKER, mimeType: 'audio/wav', ...contentOf(bytes), sha256: 'a'.repeat(64) }
  const conversationId = 'conversation'
  return [
    storage.voices.save({
      callerId: '+15550100001',
      name: MARKER,
      consent: { by: MARKER, at: new Date() },
      sampleKey: 'k',
      samples: [sample],
    }),
    storage.conversations.record(randomUUID(), { role: 'caller', text: MARKER }),
    storage.conversations.keepReport({ conversationId, kind: 'audio', data: bytes }),
    storage.conversations.keepReport({ conversationId, kind: 'transcription', data: { text: MARKER } }),
    storage.assets.put(MARKER, bytes),
  ]
}

const TABLES = [
  'voice_sample',
  'caller_voice_mapping',
  'conversation_turn',
  'post_call_report',
  'audio_asset',
]

async function refuseAllIn(url: string): Promise<void> {
  const client = await connectClient(url)
  for (const table of TABLES) await client.query(`alter table ${table} add check (false) not valid`)
  await client.end()
}

async function textOf(folder: string): Promise<string> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true })
  const logs = files.filter((file) => file.isFile() && file.name.endsWith('.log'))
  const texts = await Promise.all(logs.map((file) => readFile(join(file.parentPath, file.name), 'utf8')))
  return texts.join('\n')
}

test('the embedded server logs neither statements nor values', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'server-log-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const storage = await openStorage(null, folder, silent)
  await refuseAllIn(storage.url)
  const outcomes = await Promise.allSettled(writings(storage))
  await storage.close()
  expect(outcomes.map(({ status }) => status)).toEqual(outcomes.map(() => 'rejected'))
  const text = await textOf(folder)
  expect(text).toContain('violates check constraint')
  expect(text).not.toContain(MARKER)
  expect(text).not.toContain(HEX)
  expect(await readdir(join(folder, 'postgres/cluster/log'))).toEqual([
    expect.stringMatching(/^server-\w{3}\.log$/),
  ])
}, 60_000)

test('another server, set to log every statement, has no value in the text of one', async () => {
  const server = await startOwnPostgres({
    settings: { log_statement: 'all', log_error_verbosity: 'terse', log_parameter_max_length: '0' },
  })
  onTestFinished(() => server.stop())
  const storage = await openStorage(server.url(), '/nonexistent', silent)
  const [voice, turn, ...reports] = await Promise.allSettled(writings(storage))
  await Promise.all([
    storage.conversations.keepReport({
      conversationId: 'conversation',
      kind: 'audio',
      data: Buffer.from(MARKER),
    }),
  ])
  await storage.close()
  expect([voice?.status, ...reports.map(({ status }) => status)]).toEqual(Array(4).fill('fulfilled'))
  // There is no such call.
  expect(turn?.status).toBe('rejected')
  const text = await server.log()
  expect(text).toContain('insert into voice_sample')
  expect(text).toContain('violates foreign key constraint')
  expect(text).not.toContain('duplicate key')
  expect(text).not.toContain(MARKER)
  expect(text).not.toContain(HEX)
}, 60_000)
