import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { databaseCheck } from '../../src/doctor/database.ts'
import { connectClient } from '../../src/persistence/connect.ts'
import { examine, named, verdicts } from '../doctor/examine.ts'
import { ALICE, World } from '../support/world.ts'

/* One role changes the tables, another one runs the service. */

const [OWNER, RUNTIME] = [`owner_${process.pid}`, `runtime_${process.pid}`]
const DATABASE = `two_roles_${process.pid}`
const ROOT = resolve(import.meta.dirname, '../..')

const on = (url: string, username: string, database: string) =>
  Object.assign(new URL(url), { username, password: 'p', pathname: `/${database}` }).href

async function onServer(...statements: string[]): Promise<void> {
  const client = await connectClient(inject('postgresUrl'))
  for (const statement of statements) await client.query(statement)
  await client.end()
}

/** `npm run migrate` with these settings, and what it said. */
async function migrate(env: Record<string, string>): Promise<{ code: number; said: string }> {
  const child = spawn(process.execPath, ['src/migrate.ts'], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, ...env },
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk))
  const [code] = await once(child, 'close')
  return { code, said }
}

const [owner, runtime] = [OWNER, RUNTIME].map((role) => () => on(inject('postgresUrl'), role, DATABASE)) as [
  () => string,
  () => string,
]
const settings = () => ({ DATABASE_URL: runtime(), MIGRATION_DATABASE_URL: owner() })

beforeAll(() =>
  onServer(`create role ${OWNER} login password 'p'`, `create database ${DATABASE} owner ${OWNER}`),
)
afterAll(() => onServer(`drop database ${DATABASE}`, `drop role ${OWNER}`, `drop role ${RUNTIME}`))

// Each test starts processes, on a machine that many may share.
describe('A database with two roles', { timeout: 90_000 }, () => {
  test('is migrated by the one for the other, which has to be there', async () => {
    expect(await migrate(settings())).toMatchObject({
      code: 1,
      said: expect.stringContaining(`create role "${RUNTIME}" login password`),
    })
    await onServer(`create role ${RUNTIME} login password 'p'`)
    const done = await migrate(settings())
    expect(done.said).toContain(`${RUNTIME} may read and write the tables, and change none`)
    expect(done.code).toBe(0)
    expect((await migrate(settings())).said).toContain('nothing is pending')
  })

  test('is found in order by the doctor, and to the last right', async () => {
    const before = await examine(databaseCheck, settings())
    expect(verdicts(before)).toMatchObject({
      'database rights': 'ok',
      'database migration role': 'ok',
      'database migrations': 'ok',
    })
    await onServer(`grant create on database ${DATABASE} to ${RUNTIME}`)
    expect(named(await examine(databaseCheck, settings()), 'database rights')).toMatchObject({
      verdict: 'warn',
      mend: `run: revoke create on database "${DATABASE}" from "${RUNTIME}"`,
    })
    await onServer(
      `revoke create on database ${DATABASE} from ${RUNTIME}`,
      `alter role ${RUNTIME} createrole`,
    )
    expect(named(await examine(databaseCheck, settings()), 'database rights')).toMatchObject({
      verdict: 'warn',
      mend: `run: alter role "${RUNTIME}" nocreaterole`,
    })
    await onServer(`alter role ${RUNTIME} nocreaterole`)
    const swapped = { DATABASE_URL: owner(), MIGRATION_DATABASE_URL: runtime() }
    const findings = await examine(databaseCheck, swapped)
    expect(verdicts(findings)).toMatchObject({ 'database rights': 'warn', 'database migration role': 'FAIL' })
  })

  test('lets the one that runs the service change no table', async () => {
    const client = await connectClient(runtime())
    for (const statement of [
      'drop table call_log',
      'alter table call_log add column x int',
      'create table x ()',
      'truncate call_event',
      'create or replace function has_capacity(int, boolean) returns boolean language sql as $$ select true $$',
      `delete from mikro_orm_migrations`,
      `drop table graphile_worker._private_jobs`,
    ])
      await expect(client.query(statement), statement).rejects.toThrow(/must be owner|permission denied/)
    await client.end()
  })
})

test('A service whose role may only read and write takes a call from the clone to its end', async () => {
  const world = await World.begin({ nodes: 0 })
  const url = Object.assign(new URL(world.db.url), { username: RUNTIME, password: 'p' }).href
  const { code, said } = await migrate({ DATABASE_URL: url, MIGRATION_DATABASE_URL: world.db.url })
  expect(said).toContain('nothing is pending')
  expect(code).toBe(0)
  const node = await world.startNode({ DATABASE_URL: url })
  world.sendCallsTo(node.origin)
  await world.giveVoice(ALICE)
  const call = world.call(ALICE)
  const { voiceId } = await call.conversation(1)
  expect(world.vendor.voices.get(voiceId ?? '')?.category).toBe('cloned')
  call.hangUp()
  expect(await call.outcome()).toBe('caller_hung_up')
  expect((await world.admin(`/voices/${encodeURIComponent(ALICE)}`, { method: 'DELETE' })).status).toBe(204)
  await world.end()
}, 120_000)
