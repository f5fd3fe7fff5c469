import { existsSync } from 'node:fs'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest'
import { openStorage } from '../../src/composition/storage.ts'
import { databaseCheck } from '../../src/doctor/database.ts'
import { connectClient } from '../../src/persistence/connect.ts'
import { type DatabaseFacts, faultLine, faultsOf } from '../../src/persistence/database-fitness.ts'
import { startJobQueue } from '../../src/persistence/job-queue.ts'
import { grantRuntimeRights } from '../../src/persistence/runtime-rights.ts'
import { contentOf } from '../../src/runtime/spool.ts'
import { examine, named, verdicts } from '../doctor/examine.ts'
import { bytesOf } from '../support/bytes-of.ts'
import { createTestDatabase, databaseUrl, type TestDatabase } from '../support/database.ts'
import { startOwnPostgres } from '../support/own-postgres.ts'
import { PGBOUNCER, startPgBouncer } from '../support/pgbouncer.ts'

/* Databases as people have them: the start takes one or says in one line why not, and the doctor says the same. */

const silent = pino({ level: 'silent' })

async function onServer(...statements: string[]): Promise<void> {
  const client = await connectClient(inject('postgresUrl'))
  for (const statement of statements) await client.query(statement)
  await client.end()
}

/** A database made by this statement, without tables; dropped when the test is over. */
async function databaseLike(options: string, ...alterations: string[]): Promise<string> {
  const name = `fitness_${process.pid}_${made++}`
  await onServer(`create database ${name} ${options}`)
  onTestFinished(() => onServer(`drop database ${name} with (force)`))
  await onServer(...alterations.map((each) => `alter database ${name} set ${each}`))
  return databaseUrl(inject('postgresUrl'), name)
}
let made = 0

/** Starts on it, and stops: the line why not, or null. */
async function whyNot(url: string): Promise<string | null> {
  try {
    const storage = await openStorage(url, '/nonexistent', silent)
    await storage.close()
    return null
  } catch (error) {
    const { message } = error as Error
    expect(message).not.toContain('\n')
    return message
  }
}

describe('an encoding', () => {
  test.each(['LATIN1', 'WIN1252', 'SQL_ASCII'])(
    '%s is refused, with how to make another database',
    async (encoding) => {
      const url = await databaseLike(`encoding '${encoding}' locale 'C' template template0`)
      expect(await whyNot(url)).toMatch(
        new RegExp(
          `^DATABASE_URL: fitness_\\w+ is encoded in ${encoding}.*; .*encoding 'UTF8' template template0$`,
        ),
      )
      expect(named(await examine(databaseCheck, { DATABASE_URL: url }), 'database encoding')).toMatchObject({
        verdict: 'FAIL',
        mend: expect.stringContaining("encoding 'UTF8'"),
      })
    },
  )
})

test('other ways to write dates, intervals and bytes change nothing', async () => {
  const url = await databaseLike(
    '',
    "datestyle = 'German, DMY'",
    "intervalstyle = 'sql_standard'",
    "timezone = 'Asia/Kolkata'",
    "bytea_output = 'escape'",
    'standard_conforming_strings = off',
    "default_transaction_isolation = 'serializable'",
  )
  const storage = await openStorage(url, '/nonexistent', silent)
  const at = new Date('2026-02-03T04:05:06.789Z')
  const bytes = Buffer.from([0, 1, 0x5c, 0xff])
  const sample = { fileName: "O'Neil \\ é.wav", mimeType: 'audio/wav', size: 4, sha256: 'a'.repeat(64) }
  await storage.voices.save({
    callerId: '+15550100001',
    name: 'Ann',
    consent: { by: 'Ann', at },
    sampleKey: 'k',
    samples: [{ ...sample, ...contentOf(bytes) }],
  })
  const voice = await storage.voices.find('+15550100001')
  const samples = await storage.voices.samples('k')
  const contents = await Promise.all(samples.map(bytesOf))
  const clone = await storage.voices.beginClone('k')
  await storage.close()
  expect(voice?.consent.at).toEqual(at)
  expect(samples).toMatchObject([sample])
  expect(contents).toEqual([bytes])
  expect(Math.abs(clone.requestedAt.getTime() - Date.now())).toBeLessThan(60_000)
})

describe('a role', () => {
  const role = `fitness_role_${process.pid}`
  let db: TestDatabase
  const asRole = (url: string) => Object.assign(new URL(url), { username: role, password: 'p' }).href

  beforeAll(async () => {
    db = await createTestDatabase()
    await onServer(`create role ${role} login password 'p'`)
  })
  afterAll(async () => {
    await db.query(`drop owned by ${role}`)
    await db.drop()
    await onServer(`drop role ${role}`)
  })

  test('that may not create tables is told what to grant, before the first start', async () => {
    const url = asRole(await databaseLike(''))
    expect(await whyNot(url)).toBe(
      `DATABASE_URL: ${role} may not create tables in the schema public; run \`npm run migrate\` with a role that may in MIGRATION_DATABASE_URL, or as its owner: grant create on schema "public" to "${role}"`,
    )
  })

  test('that may not read the tables is told what to grant', async () => {
    await db.query(`grant select on mikro_orm_migrations to ${role}`)
    expect(await whyNot(asRole(db.url))).toMatch(
      new RegExp(
        `^DATABASE_URL: ${role} may not read and write .*; .*grant select, insert, update, delete on all`,
      ),
    )
  })

  test('that may use what is there needs to create nothing', async () => {
    for (const schema of ['public', 'graphile_worker']) {
      await db.query(`grant usage on schema ${schema} to ${role}`)
      await db.query(`grant select, insert, update, delete on all tables in schema ${schema} to ${role}`)
      await db.query(`grant usage on all sequences in schema ${schema} to ${role}`)
    }
    // The queue's rows are for its owner alone, whatever is granted.
    expect(await whyNot(asRole(db.url))).toMatch(
      /sees no rows of graphile_worker\._private_\w+ \(row-level security\)/,
    )
    const owner = await connectClient(db.url)
    await grantRuntimeRights(owner, role)
    await owner.end()
    expect(await whyNot(asRole(db.url))).toBeNull()
    expect(verdicts(await examine(databaseCheck, { DATABASE_URL: asRole(db.url) }))).toMatchObject({
      'database rights': 'ok',
    })
    expect(
      (await db.query('select has_schema_privilege($1, $2, $3) as may', [role, 'public', 'create']))[0],
    ).toEqual({
      may: false,
    })
  })
})

test('a search path without a schema that is there is told', async () => {
  const url = await databaseLike('')
  expect(await whyNot(`${url}?options=-c%20search_path%3Dnowhere`)).toMatch(
    /^DATABASE_URL: no schema of the search path \(nowhere\) is there.*create schema nowhere/,
  )
})

test('a standby is refused', async () => {
  const standby = await startOwnPostgres({ isStandby: true })
  onTestFinished(() => standby.stop())
  expect(await whyNot(standby.url())).toBe(
    'DATABASE_URL: the database is read-only; set DATABASE_URL to the primary server, not to a standby',
  )
})

test('a server before PostgreSQL 15 is refused', () => {
  const facts = { version: '14.19 (Debian)', versionNumber: 140_019, encoding: 'UTF8', pooling: 'none' }
  const rest = { schema: 'public', closedTables: [], migrations: { pending: [] }, hasQueue: true }
  expect(faultsOf({ ...facts, ...rest } as unknown as DatabaseFacts).map((each) => faultLine(each))).toEqual([
    'DATABASE_URL: it is PostgreSQL 14.19; upgrade it to PostgreSQL 15 or newer, or set DATABASE_URL to one',
  ])
})

describe.skipIf(!existsSync(PGBOUNCER))('PgBouncer', () => {
  let db: TestDatabase
  beforeAll(async () => {
    db = await createTestDatabase()
  })
  afterAll(() => db.drop())

  test('in transaction mode is refused with the reason', async () => {
    const bouncer = await startPgBouncer(db.url, 'transaction')
    onTestFinished(() => bouncer.stop())
    expect(await whyNot(bouncer.url)).toMatch(
      /^DATABASE_URL: a pooler gives its servers away after each transaction.*; .*pool_mode = session/,
    )
    expect(verdicts(await examine(databaseCheck, { DATABASE_URL: bouncer.url }))).toMatchObject({
      'database pooling': 'FAIL',
    })
  })

  test('in session mode carries calls, jobs and news', async () => {
    const bouncer = await startPgBouncer(db.url, 'session')
    const storage = await openStorage(bouncer.url, '/nonexistent', silent)
    const done = Promise.withResolvers<unknown>()
    const jobs = await startJobQueue(storage.url, [{ greet: async (who) => done.resolve(who) }], silent)
    const listener = await connectClient(storage.url)
    const heard = new Promise((resolve) => listener.on('notification', ({ payload }) => resolve(payload)))
    await listener.query('listen call_feed')
    await db.query(`select graphile_worker.add_job('greet', '{"name":"Ann"}')`)
    await db.query(`select pg_notify('call_feed', 'news')`)
    expect(await Promise.all([done.promise, heard])).toEqual([{ name: 'Ann' }, 'news'])
    expect(await storage.voices.find('nobody')).toBeNull()
    expect(
      named(await examine(databaseCheck, { DATABASE_URL: bouncer.url }), 'database connection'),
    ).toMatchObject({
      verdict: 'ok',
      finding: expect.stringContaining('through a pooler in session mode'),
    })
    await listener.end()
    await jobs.stop()
    await storage.close()
    await bouncer.stop()
  })
})
