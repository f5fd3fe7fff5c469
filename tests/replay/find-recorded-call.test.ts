import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findRecordedCall } from '../../src/composition/find-recorded-call.ts'
import { loadConfig } from '../../src/config/config.ts'
import { UnreplayableCall } from '../../src/replay/recorded-call.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

/* A call is looked for in the database of the settings, and what keeps it from being asked is said with its mend. */

const CALL_ID = '01900000-0000-7000-8000-000000000000'

let db: TestDatabase
let folder: string
beforeAll(async () => {
  db = await createTestDatabase()
  folder = await mkdtemp(join(tmpdir(), 'precall-find-'))
})
afterAll(async () => {
  await db.drop()
  await rm(folder, { recursive: true })
})

const find = (env: Record<string, string>) => findRecordedCall(CALL_ID, () => loadConfig(env))

test('a call that the database does not have is not found', async () => {
  expect(await find({ DATABASE_URL: db.url })).toBeNull()
})

test('a database of an older version is to be brought up to date first', async () => {
  await db.query('alter table call_log rename to call_log_of_old')
  try {
    const looking = find({ DATABASE_URL: db.url })
    await expect(looking).rejects.toThrow(UnreplayableCall)
    await expect(looking).rejects.toThrow(/older than this checkout; start the service once/)
  } finally {
    await db.query('alter table call_log_of_old rename to call_log')
  }
})

test.each([
  [{ PORT: 'no-port' }, /PORT: found "no-port"/],
  [
    { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' },
    /cannot be asked \(.*ECONNREFUSED.*\): start it, or correct DATABASE_URL\./,
  ],
  [{ DATA_DIR: '/no/such/folder' }, /^No call was recorded here yet: \/no\/such\/folder holds no database\./],
])('%j leads to no call', async (env, words) => {
  const looking = find(env as Record<string, string>)
  await expect(looking).rejects.toThrow(UnreplayableCall)
  await expect(looking).rejects.toThrow(words)
})
