import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { operatorLines } from '../../src/composition/operator-lines.ts'
import { keepOrigin } from '../../src/composition/origin-file.ts'
import { loadConfig } from '../../src/config/config.ts'

/* What a service says of where it is: to whoever started it, and to commands that are started beside it. */

const log = pino({ level: 'silent' })
const REAL_CARRIER = { TWILIO_ACCOUNT_SID: `AC${'1'.repeat(32)}`, TWILIO_AUTH_TOKEN: 'token' }

const linesFor = (env: Record<string, string>) =>
  operatorLines(loadConfig({ DATA_DIR: '/data', ...env }), 3006, { key: 'the-key', isNew: false })

test('the console is at an address that a browser can open', () => {
  expect(linesFor({ HOST: '127.0.0.1' })).toEqual([
    'Open the console at http://127.0.0.1:3006/ (the admin key is in /data/admin-key)',
  ])
  expect(linesFor({ HOST: '::1' })[0]).toContain('http://[::1]:3006/')
  expect(linesFor({ HOST: '0.0.0.0' })[0]).toContain('http://localhost:3006/')
})

test('a demo that other machines reach says so, and how it is kept to this one', () => {
  expect(linesFor({ HOST: '0.0.0.0' })[1]).toMatch(/Other machines.*HOST=127\.0\.0\.1/)
  expect(linesFor({ HOST: '127.0.0.1' })).toHaveLength(1)
  expect(linesFor({ ...REAL_CARRIER, HOST: '0.0.0.0' })).toHaveLength(1)
})

async function keeping(env: Record<string, string>) {
  const folder = await mkdtemp(join(tmpdir(), 'kept-origin-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const dataDir = join(folder, 'data')
  const config = loadConfig({ DATA_DIR: dataDir, ...env })
  return {
    folder,
    dataDir,
    file: join(dataDir, 'origin'),
    keep: (port: number) => keepOrigin(config, port, log),
  }
}

test.each([
  ['0.0.0.0', 'http://127.0.0.1:4000'],
  ['::', 'http://[::1]:4000'],
  ['127.0.0.1', 'http://127.0.0.1:4000'],
])('a service that listens on %s is found at %s until it stops', async (HOST, origin) => {
  const { file, dataDir, keep } = await keeping({ HOST })
  const forget = await keep(4000)
  expect((await readFile(file, 'utf8')).trim()).toBe(origin)
  await forget()
  expect(await readdir(dataDir)).toEqual([])
})

test('the word of whoever started after us is left', async () => {
  const { file, keep } = await keeping({})
  const forget = await keep(4000)
  await keep(4001)
  await forget()
  expect(await readFile(file, 'utf8')).toContain(':4001')
})

test('a process without webhooks is not found, and a folder that cannot be made is no fault', async () => {
  const media = await keeping({ ROLES: 'media' })
  await (await media.keep(4000))()
  expect(await readdir(media.folder)).toEqual([])
  const blocked = await keeping({})
  await writeFile(blocked.dataDir, 'a file')
  await (await blocked.keep(4000))()
})
