import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../../src/runtime/free-port.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

/*
 * What keeps the service from starting is said in a line, with what to do about it and without a stack.
 */

const ROOT = resolve(import.meta.dirname, '../..')
/** TEST-NET-3 of RFC 5737: no machine has it. */
const NOBODYS_ADDRESS = '203.0.113.1'

let folder: string
let db: TestDatabase
const taken = createServer()
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'precall-refused-'))
  await writeFile(join(folder, 'file'), '')
  db = await createTestDatabase()
  await once(taken.listen(0, '127.0.0.1'), 'listening')
})
afterAll(async () => {
  taken.close()
  await db.drop()
  await rm(folder, { recursive: true })
})

/** Starts the service with settings of which some keep it from starting. */
async function refused(env: Record<string, string>): Promise<{ code: number; said: string[] }> {
  const child = spawn(process.execPath, ['src/main.ts'], {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH,
      TWILIO_AUTH_TOKEN: 't',
      LOG_LEVEL: 'silent',
      DATABASE_URL: db.url,
      DATA_DIR: join(folder, 'data'),
      HOST: '127.0.0.1',
      PORT: `${await freePort()}`,
      ...env,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (chunk) => {
    said += chunk
  })
  const [code] = await once(child, 'close')
  return { code, said: said.trimEnd().split('\n') }
}

const takenPort = () => ({ PORT: `${(taken.address() as AddressInfo).port}` })

test.each([
  ['a setting that is wrong', { PORT: 'no-port' }, 78, /^PORT: found "no-port", allowed: /],
  [
    'an address that is another machine’s',
    { HOST: NOBODYS_ADDRESS },
    1,
    /^HOST: 203\.0\.113\.1 is no address of this machine \(EADDRNOTAVAIL\); 0\.0\.0\.0 is all of them$/,
  ],
  [
    'a port that another process has',
    takenPort,
    1,
    /^PORT: \d+ on 127\.0\.0\.1 cannot be listened on \(EADDRINUSE\); set PORT to another$/,
  ],
  [
    'a file where its folder should be',
    () => ({ DATA_DIR: join(folder, 'file') }),
    1,
    /^DATA_DIR: \S+ is not a folder \((EEXIST|ENOTDIR)\); set DATA_DIR to one/,
  ],
  [
    'a database that nobody answers for',
    async () => ({ DATABASE_URL: `postgres://nobody@127.0.0.1:${await freePort()}/none` }),
    1,
    /^DATABASE_URL: .*ECONNREFUSED/,
  ],
])('%s', { timeout: 60_000 }, async (_, settings, status, line) => {
  const { code, said } = await refused(typeof settings === 'function' ? await settings() : settings)
  expect(said).toEqual([expect.stringMatching(line)])
  expect(code).toBe(status)
})
