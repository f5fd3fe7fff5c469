import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { openStorage } from '../../src/composition/storage.ts'
import { connectClient } from '../../src/persistence/connect.ts'
import type { EmbeddedPostgres } from '../../src/persistence/embedded-postgres.ts'
import { watchEmbedded } from '../../src/persistence/embedded-watch.ts'
import { until } from '../support/until.ts'

test('a server of its own that is killed is started again at the same address, with all that was written', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'embedded-watch-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const told: string[] = []
  const log = pino({ level: 'warn' }, { write: (line: string) => told.push(JSON.parse(line).msg) })
  const storage = await openStorage(null, folder, log)
  const lock = async () =>
    (await readFile(join(folder, 'postgres/cluster/postmaster.pid'), 'utf8')).split('\n')
  await storage.assets.put('greeting', Buffer.from('hello'))
  const kept = () => storage.queries.countInCapacity().catch(() => null)
  const [pid = '', , , port] = await lock()
  process.kill(Number(pid), 'SIGKILL')
  await until(
    'it answers again',
    async () => (await kept()) === 0 && (await lock())[0] !== pid,
    () => told.join('\n'),
    60_000,
  )
  expect((await lock())[3]).toBe(port)
  const client = await connectClient(storage.url)
  const { rows } = await client.query(`select convert_from(bytes, 'UTF8') as said from audio_asset`)
  await client.end()
  expect(rows).toEqual([{ said: 'hello' }])
  expect(told).toContain('the embedded PostgreSQL is gone and is started again')
  await storage.close()
  await expect(lock()).rejects.toThrow(/ENOENT/)
}, 90_000)

test('what cannot be started is tried until it can, and nobody is asked after the end', async () => {
  let [isRunning, tries, looks] = [false, 0, 0]
  const server = {
    isRunning: async () => {
      looks++
      return isRunning
    },
    async startAgain() {
      if (++tries < 3) throw new Error('No space left on device.')
      isRunning = true
    },
  } as unknown as EmbeddedPostgres
  const watch = watchEmbedded(server, pino({ level: 'silent' }), 1)
  await until('it runs', () => isRunning && looks > 3)
  expect(tries).toBe(3)
  await watch.stop()
  const before = looks
  isRunning = false
  await new Promise((resolve) => setImmediate(resolve))
  expect(looks).toBe(before)
})
