import { expect, test } from 'vitest'
import { migrateCommand } from '../../src/composition/migrate-command.ts'
import { loadConfig } from '../../src/config/config.ts'
import { openTestDatabase } from '../support/open-database.ts'

async function migrate(env: Record<string, string>, args: string[] = []) {
  const printed: string[] = []
  const status = await migrateCommand({
    args,
    print: (line) => printed.push(line),
    readDatabase: () => loadConfig(env).database,
  })
  return { status, printed }
}

test('the service’s own database is migrated by the service', async () => {
  expect(await migrate({})).toEqual({
    status: 0,
    printed: [expect.stringMatching(/^DATABASE_URL is not set: .*`npm start` migrates it\.$/)],
  })
})

test('a database that is up to date is left as it is', async () => {
  const db = await openTestDatabase()
  try {
    expect(await migrate({ DATABASE_URL: db.url })).toEqual({ status: 0, printed: ['nothing is pending'] })
  } finally {
    await db.drop()
  }
})
