import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { databaseCheck } from '../../src/doctor/database.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/persistence/embedded-postgres.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { deadOrigin, examine, named, verdicts } from './examine.ts'

const ALL_WELL = {
  database: 'ok',
  'database connection': 'ok',
  'database rights': 'ok',
  'database migrations': 'ok',
  'database clock': 'ok',
}

describe('a database of DATABASE_URL', () => {
  const ROLE = 'doctor_without_rights'
  let tables: TestDatabase

  beforeAll(async () => {
    tables = await createTestDatabase()
    await tables.query(`create role ${ROLE} login password 'a-password-that-nobody-may-see'`)
  })

  afterAll(async () => {
    await tables.query(`drop owned by ${ROLE}`)
    await tables.query(`drop role ${ROLE}`)
    await tables.drop()
  })

  const database = (url: string) => examine(databaseCheck, { DATABASE_URL: url })

  /** The same server and database, for somebody else or under another name. */
  function url(changes: Partial<Pick<URL, 'username' | 'password' | 'pathname' | 'port'>>): string {
    return Object.assign(new URL(tables.url), changes).href
  }
  const asRole = () => url({ username: ROLE, password: 'a-password-that-nobody-may-see' })

  test('is in order', async () => {
    const findings = await database(tables.url)
    expect(verdicts(findings)).toEqual(ALL_WELL)
    expect(named(findings, 'database').finding).toMatch(/^PostgreSQL \d+\.\d+ at /)
    expect(named(findings, 'database migrations').finding).toMatch(/^(\d+) of \1 applied$/)
  })

  test('is looked at without a trace', async () => {
    const empty = new URL(url({ pathname: `/doctor_${Date.now()}` }))
    const name = empty.pathname.slice(1)
    await tables.query(`create database ${name}`)
    const findings = await database(empty.href)
    expect(named(findings, 'database migrations')).toMatchObject({
      verdict: 'ok',
      finding: expect.stringMatching(/^0 of \d+ applied, `npm start` applies the rest$/),
    })
    const client = new pg.Client({ connectionString: empty.href })
    await client.connect()
    const { rows } = await client.query(`select * from pg_tables where schemaname not like 'pg_%'
      and schemaname <> 'information_schema'`)
    await client.end()
    await tables.query(`drop database ${name}`)
    expect(rows).toEqual([])
  })

  test('has a node whose clock is a minute ahead', async () => {
    const add = `insert into service_node (id, worker_ids, host, clock_offset_ms, heartbeat_at)
      values (gen_random_uuid(), '{}', $1, $2, now() - $3::interval)`
    await tables.query(add, ['hasty', 61_234, '1 second'])
    await tables.query(add, ['punctual', 12, '1 second'])
    await tables.query(add, ['long gone', 99_000, '1 day'])
    const clocks = (await database(tables.url)).filter(({ name }) => name === 'database clock')
    await tables.query('delete from service_node')
    expect(clocks.map(({ verdict }) => verdict)).toEqual(['ok', 'warn'])
    expect(clocks[1]?.finding).toContain('the node on hasty is 61.2 s ahead of the database')
  })

  test('was migrated by a newer version', async () => {
    await tables.query(`insert into mikro_orm_migrations (name) values ('Migration29990101000000_later')`)
    const finding = named(await database(tables.url), 'database migrations')
    await tables.query(`delete from mikro_orm_migrations where name like 'Migration2999%'`)
    expect(finding).toMatchObject({ verdict: 'warn', finding: expect.stringContaining('2999') })
  })

  test('does not let us use the tables', async () => {
    await tables.query('grant select on mikro_orm_migrations to public')
    const finding = named(await database(asRole()), 'database rights')
    expect(finding).toMatchObject({
      verdict: 'FAIL',
      mend: expect.stringContaining('grant select, insert, update, delete on all tables'),
    })
  })

  test('is read-only', async () => {
    await tables.query(`alter role ${ROLE} set default_transaction_read_only = on`)
    const finding = named(await database(asRole()), 'database rights')
    await tables.query(`alter role ${ROLE} reset default_transaction_read_only`)
    expect(finding).toMatchObject({
      verdict: 'FAIL',
      finding: expect.stringContaining('the database is read-only'),
    })
  })

  test.each<[name: string, to: () => string, finding: RegExp, mend: RegExp]>([
    ['a wrong password', () => url({ password: 'wrong' }), /refuses/, /user and password in DATABASE_URL/],
    ['a database that is not there', () => url({ pathname: '/nowhere' }), /nowhere/, /createdb/],
  ])('is reached with %s', async (_name, to, finding, mend) => {
    const [found, ...others] = await database(to())
    expect(found).toMatchObject({
      name: 'database',
      verdict: 'FAIL',
      finding: expect.stringMatching(finding),
      mend: expect.stringMatching(mend),
    })
    expect(others).toEqual([])
  })

  test('is not there', async () => {
    const { port } = new URL(await deadOrigin())
    expect(await database(`postgres://user:secret@127.0.0.1:${port}/app`)).toMatchObject([
      { verdict: 'FAIL', finding: expect.stringContaining('nothing listens there') },
    ])
  })

  test('hangs', async () => {
    const sockets: Socket[] = []
    const server = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const env = { DATABASE_URL: `postgres://user:secret@127.0.0.1:${port}/app` }
    const findings = await examine(databaseCheck, env, { limitMs: 50 })
    for (const socket of sockets) socket.destroy()
    server.close()
    expect(findings).toMatchObject([
      { name: 'database', verdict: 'FAIL', finding: 'no answer within 0.05 s' },
    ])
  })
})

describe('the embedded server', () => {
  let dataDir: string

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'precall-doctor-'))
  })

  afterAll(() => rm(dataDir, { recursive: true, force: true }))

  let running: EmbeddedPostgres | undefined
  afterEach(async () => {
    await running?.stop()
    running = undefined
  })

  const embedded = (dir = dataDir) => examine(databaseCheck, { DATA_DIR: dir })
  const isRunning = async () => (await readdir(join(dataDir, 'postgres/cluster'))).includes('postmaster.pid')

  test('is tried out before there is one, and nothing is left of that', async () => {
    const findings = await embedded(join(dataDir, 'not/there/yet'))
    expect(verdicts(findings)).toEqual(ALL_WELL)
    expect(named(findings, 'database').finding).toContain('for a trial')
    expect(await readdir(dataDir)).toEqual([])
  })

  test('is left stopped, and left running', async () => {
    const service = await startEmbeddedPostgres(join(dataDir, 'postgres'))
    expect(verdicts(await embedded())).toEqual(ALL_WELL)
    expect(await isRunning()).toBe(true)

    await service.stop()
    expect(await isRunning()).toBe(false)
    expect(verdicts(await embedded())).toEqual(ALL_WELL)
    expect(await isRunning()).toBe(false)
  })

  test('has no place to be', async () => {
    await mkdir(dataDir, { recursive: true })
    const file = join(dataDir, 'a-file')
    await writeFile(file, '')
    expect(await embedded(join(file, 'data'))).toMatchObject([
      { name: 'database', verdict: 'FAIL', mend: expect.stringContaining('DATA_DIR') },
    ])
  })
})
