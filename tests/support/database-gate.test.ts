import pg from 'pg'
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest'
import { DatabaseGate } from './database-gate.ts'
import { until } from './until.ts'

/* The stories about nodes and their database rest on this gate, so each of its faults is seen here by a client of its own. */

let gate: DatabaseGate
let database: pg.Client
beforeAll(async () => {
  gate = await DatabaseGate.open(inject('postgresUrl'))
  database = new pg.Client({ connectionString: inject('postgresUrl') })
  await database.connect()
})
afterAll(async () => {
  await gate.close()
  await database.end()
})

async function session(name: string) {
  const client = new pg.Client({ connectionString: gate.url, application_name: name })
  const fate = { ended: false }
  client.on('error', () => {})
  client.on('end', () => Object.assign(fate, { ended: true }))
  await client.connect()
  onTestFinished(() => {
    gate.restore()
    gate.cut()
  })
  return { client, fate }
}

/** Whether PostgreSQL has a session of that name. */
const isKnown = async (name: string) =>
  (await database.query('select 1 from pg_stat_activity where application_name = $1', [name])).rowCount === 1

const answers = (client: pg.Client) => {
  const state = { answered: false }
  client.query('select 1').then(
    () => Object.assign(state, { answered: true }),
    () => {},
  )
  return state
}

test('lets everything pass, and ends the session in PostgreSQL when the client goes', async () => {
  const { client } = await session('passing')
  expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  expect(await isKnown('passing')).toBe(true)
  await client.end()
  await until('PostgreSQL sees the end', async () => !(await isKnown('passing')))
})

test('refuses: what is open breaks, nobody comes in, and afterwards everybody does', async () => {
  const { fate } = await session('refused')
  gate.refuse()
  await until('the session breaks', () => fate.ended)
  await expect(session('refused again')).rejects.toThrow()
  gate.restore()
  await session('let in again')
})

test('cuts the sessions that are named, and no others', async () => {
  const [named, other] = [await session('cut me'), await session('leave me')]
  gate.cut((name) => name === 'cut me')
  await until('the session breaks', () => named.fate.ended)
  expect((await other.client.query('select 1')).rowCount).toBe(1)
})

test('freezes: an answer waits until it may pass', async () => {
  const [frozen, other] = [await session('frozen'), await session('warm')]
  gate.freeze((name) => name === 'frozen')
  const state = answers(frozen.client)
  await other.client.query('select 1')
  expect(state.answered).toBe(false)
  gate.restore()
  await until('the answer comes', () => state.answered)
})

test('swallows: nobody is told, on either side, and nothing comes afterwards', async () => {
  const { client, fate } = await session('swallowed')
  gate.swallow()
  const state = answers(client)
  await expect(
    Promise.race([session('new'), database.query('select pg_sleep(0.2)').then(() => 'waits')]),
  ).resolves.toBe('waits')
  gate.restore()
  const again = await session('after')
  await again.client.query('select 1')
  expect({ ...state, ...fate, known: await isKnown('swallowed') }).toEqual({
    answered: false,
    ended: false,
    known: true,
  })
})

test('hides that PostgreSQL has ended a session', async () => {
  const { fate } = await session('hidden')
  gate.hideEnds()
  await database.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'hidden'`,
  )
  await until('PostgreSQL ends it', async () => !(await isKnown('hidden')))
  const other = await session('still taken')
  await other.client.query('select 1')
  expect(fate.ended).toBe(false)
})
