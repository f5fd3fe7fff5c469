import { networkInterfaces } from 'node:os'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { openStorage } from '../../src/composition/storage.ts'
import { databaseCheck } from '../../src/doctor/database.ts'
import { connectClient, settleTls } from '../../src/persistence/connect.ts'
import { examine, named } from '../doctor/examine.ts'
import { type Authority, createAuthority } from '../support/certificates.ts'
import { type OwnPostgres, PASSWORD, startOwnPostgres } from '../support/own-postgres.ts'
import { ServiceProcess } from '../support/service-process.ts'

/* What stands behind `?` in DATABASE_URL holds for every connection of the process, against real servers. */

const silent = pino({ level: 'silent' })

/** A whole service on this database. */
async function serviceOn(url: string): Promise<ServiceProcess> {
  const service = await ServiceProcess.start({
    DATABASE_URL: url,
    DATA_DIR: '/nonexistent',
    ADMIN_API_KEY: 'k'.repeat(32),
    DRAIN_SECONDS: '1',
    TWILIO_AUTH_TOKEN: 't',
  })
  onTestFinished(async () => void (await service.terminate()))
  return service
}

/** What the server knows of the connections of others. */
async function sessionsAt(url: string) {
  const client = await connectClient(url)
  const { rows } = await client.query(
    `select s.ssl, s.client_dn as person, a.application_name as name, a.client_addr is null as "isLocal"
     from pg_stat_activity a join pg_stat_ssl s using (pid)
     where a.backend_type = 'client backend' and a.usename is not null and a.pid <> pg_backend_pid()`,
  )
  await client.end()
  return rows as { ssl: boolean; person: string | null; name: string; isLocal: boolean }[]
}

const failure = (url: string) =>
  openStorage(url, '/nonexistent', silent).then(
    () => 'none',
    ({ message }: Error) => message,
  )

describe('a server that takes TLS alone', () => {
  let authority: Authority
  let person: ReturnType<Authority['issue']>
  let server: OwnPostgres

  beforeAll(async () => {
    authority = createAuthority()
    const host = authority.issue('localhost')
    person = authority.issue('ann')
    server = await startOwnPostgres({
      files: { 'server.pem': host.certificate, 'server.key': host.key, 'ca.pem': person.certificate },
      settings: { ssl: 'on', ssl_cert_file: '../server.pem', ssl_key_file: '../server.key' },
      hba: ['hostssl all all all scram-sha-256'],
    })
  })
  afterAll(async () => {
    authority.remove()
    await server.stop()
  })

  test('is reached over TLS by every connection of a service', async () => {
    const url = server.url(`?sslmode=verify-full&sslrootcert=${authority.file}`, 'localhost')
    await serviceOn(url)
    const sessions = await sessionsAt(url)
    expect(sessions.length).toBeGreaterThan(3)
    expect(sessions.filter(({ ssl }) => !ssl)).toEqual([])
    const finding = named(await examine(databaseCheck, { DATABASE_URL: url }), 'database connection')
    expect(finding).toMatchObject({
      verdict: 'ok',
      finding: `ann@localhost:${server.port}/postgres, sslmode=verify-full, sslrootcert=${authority.file}`,
    })
    expect(JSON.stringify(finding)).not.toContain(PASSWORD)
  })

  test.each([
    ['disable', 'localhost', false],
    ['allow', 'localhost', true],
    ['prefer', 'localhost', true],
    ['require', '127.0.0.1', true],
    ['verify-ca', '127.0.0.1', true],
    ['verify-full', '127.0.0.1', false],
    ['verify-full', 'localhost', true],
  ])('sslmode=%s to %s is as libpq has it', async (mode, host, isReached) => {
    const ca = mode.startsWith('verify') ? `&sslrootcert=${authority.file}` : ''
    const reached = settleTls(server.url(`?sslmode=${mode}${ca}`, host)).then(sessionsAt)
    const outcome = await reached.then(
      () => true,
      () => false,
    )
    expect(outcome).toBe(isReached)
  })

  test('with a certificate of another authority is refused in one line', async () => {
    const other = createAuthority()
    onTestFinished(() => other.remove())
    const line = await failure(server.url(`?sslmode=verify-full&sslrootcert=${other.file}`, 'localhost'))
    expect(line).toMatch(/^DATABASE_URL: .*(self-signed|unable to|issuer).*; .*correct/)
    expect(line).not.toContain('\n')
  })

  test('says of plain text what to add', async () => {
    expect(await failure(server.url())).toMatch(/no encryption.*sslmode=require/)
  })
})

describe('a server without TLS', () => {
  let server: OwnPostgres
  beforeAll(async () => {
    server = await startOwnPostgres({})
    const client = await connectClient(server.url())
    await client.query('create schema "calls"')
    await client.end()
  })
  afterAll(() => server.stop())

  test('is reached by prefer, and not by require', async () => {
    expect(await settleTls(server.url('?sslmode=prefer'))).toContain('sslmode=disable')
    expect(await failure(server.url('?sslmode=require'))).toMatch(/does not support SSL/)
  })

  test('keeps all tables in the schema of the search path, over its socket', async () => {
    const query = `?host=${encodeURIComponent(server.folder)}&options=-c%20search_path%3Dcalls&application_name=mine`
    const url = `postgres://ann:${PASSWORD}@/postgres${query}&port=${server.port}`
    const service = await serviceOn(url)
    const answer = await fetch(`${service.origin}/api/v1/calls`, {
      headers: { authorization: `Bearer ${'k'.repeat(32)}` },
    })
    expect(answer.status).toBe(200)
    const sessions = await sessionsAt(url)
    expect(sessions.filter(({ isLocal }) => !isLocal)).toEqual([])
    expect(sessions.filter(({ name }) => name === 'mine').length).toBeGreaterThan(2)
    const client = await connectClient(url)
    const { rows } = await client.query(`select distinct table_schema as name from information_schema.tables
      where table_schema not in ('pg_catalog', 'information_schema') order by 1`)
    await client.end()
    expect(rows.map(({ name }) => name)).toEqual(['calls', 'graphile_worker'])
  })

  const address = Object.values(networkInterfaces())
    .flat()
    .find((each) => each?.family === 'IPv4' && !each.internal)?.address

  test.skipIf(!address)('is warned about when it is another machine', async () => {
    const url = server.url('', address)
    expect(named(await examine(databaseCheck, { DATABASE_URL: url }), 'database connection')).toMatchObject({
      verdict: 'warn',
      finding: expect.stringMatching(/sslmode=disable: .*plain text/),
      mend: expect.stringContaining('sslmode=verify-full'),
    })
    const lines: string[] = []
    const storage = await openStorage(url, '/nonexistent', pino({}, { write: (line) => lines.push(line) }))
    await storage.close()
    expect(lines.join('')).toMatch(/DATABASE_URL: .*plain text/)
  })
})
