import { randomBytes } from 'node:crypto'
import pg from 'pg'
import pino from 'pino'
import { expect, inject, onTestFinished, test } from 'vitest'
import { callCharts } from '../../src/calls/saved-call.ts'
import { createCallStore } from '../../src/persistence/call-store.ts'
import { migrateAll, openDatabase } from '../../src/persistence/database.ts'
import { createSipLegStore } from '../../src/persistence/sip-leg-store.ts'
import { databaseUrl } from '../support/database.ts'
import { readText } from '../support/markdown-tables.ts'

/* A database of the release before, with calls of both carriers that live and that are over, is updated. */

const BEFORE = 'Migration20261201151500_dead_columns'
const NODE = '01900000-0000-7000-8000-00000000000a'
const log = pino({ level: 'silent' })

const idOf = (n: number) => `01900000-0000-7000-8000-0000000000${n}`

async function databaseOfReleaseBefore() {
  const name = `test_${randomBytes(6).toString('hex')}`
  const server = new pg.Client({ connectionString: inject('postgresUrl') })
  await server.connect()
  await server.query(`create database ${name}`)
  const url = databaseUrl(inject('postgresUrl'), name)
  const database = await openDatabase(url, log)
  const pool = new pg.Pool({ connectionString: url, max: 2 })
  onTestFinished(async () => {
    await pool.end()
    await database.close()
    await server.query(`drop database ${name}`)
    await server.end()
  })
  await database.migrator.up({ to: BEFORE })
  return { url, database, pool }
}

/** A call that talks with its agent, as chart 3 has saved it. */
const [talking] = readText('tests/machines/live-states/chart-3.jsonl')
  .split('\n')
  .filter((line) => line.startsWith('{"place":"bridged.talking"'))
  .map((line) => JSON.parse(line) as { snapshot: object; chartVersion: string })

const write = (
  pool: pg.Pool,
  [id, provider, providerCallId]: [string, string, string],
  ended: { outcome: string } | null,
) =>
  pool.query(
    `insert into call_log (id, provider, provider_call_id, direction, from_number, to_number, public_origin, media_secret,
       state, voice_state, snapshot, chart_version, last_seq, started_at, ended_at, outcome)
     values ($1, $2, $3, 'inbound', '+1', '+2', 'https://x', 's', $4, 'default', $5, $6, 3, '2026-12-01T10:00:00Z', $7, $8)`,
    [
      id,
      provider,
      providerCallId,
      ended ? 'ended' : 'bridged',
      JSON.stringify(talking?.snapshot),
      talking?.chartVersion,
      ended && '2026-12-01T10:05:00Z',
      ended?.outcome ?? null,
    ],
  )

test('each call has its leg, under which its SIP leg is found, and those that live go on', async () => {
  const { url, database, pool } = await databaseOfReleaseBefore()
  await write(pool, [idOf(10), 'twilio', 'CA-live'], null)
  await write(pool, [idOf(11), 'twilio', 'CA-over'], { outcome: 'agent_ended' })
  await write(pool, [idOf(12), 'sip', 'sip-live'], null)
  await write(pool, [idOf(13), 'sip', 'sip-over'], { outcome: 'caller_hung_up' })
  await pool.query(
    `insert into sip_leg (call_id, node_id, media_server, channel, dialog_id) values ($1, $2, 'fs', 'c', 'd')`,
    [idOf(12), NODE],
  )
  await migrateAll(database, url, log)

  const { rows } = await pool.query(
    `select call_id as "callId", role, provider, provider_call_id as "providerCallId", started_at as "startedAt",
       ended_at as "endedAt", end_reason as "endReason" from call_leg order by call_id`,
  )
  const live = { role: 'caller', startedAt: new Date('2026-12-01T10:00:00Z'), endedAt: null, endReason: null }
  const over = { ...live, endedAt: new Date('2026-12-01T10:05:00Z') }
  expect(rows).toEqual([
    { ...live, callId: idOf(10), provider: 'twilio', providerCallId: 'CA-live' },
    { ...over, callId: idOf(11), provider: 'twilio', providerCallId: 'CA-over', endReason: 'agent_ended' },
    { ...live, callId: idOf(12), provider: 'sip', providerCallId: 'sip-live' },
    { ...over, callId: idOf(13), provider: 'sip', providerCallId: 'sip-over', endReason: 'caller_hung_up' },
  ])
  const row = await createCallStore(pool).find({ provider: 'sip', providerCallId: 'sip-live' })
  const [leg] = row?.legs ?? []
  expect(row?.id).toBe(idOf(12))
  const restored = row && callCharts.read(row)
  expect(restored?.is === 'alive' && restored.snapshot.machines.leg.context.legId).toBe(leg?.id)
  expect(await createSipLegStore(database, NODE).takeAbandoned()).toMatchObject([
    { legId: leg?.id, callId: idOf(12), providerCallId: 'sip-live', dialogId: 'd' },
  ])
})

test('it is taken back with the SIP legs where they were', async () => {
  const { url, database, pool } = await databaseOfReleaseBefore()
  await write(pool, [idOf(12), 'sip', 'sip-live'], null)
  await migrateAll(database, url, log)
  await createSipLegStore(database, NODE).hold({
    legId: idOf(12),
    callId: idOf(12),
    mediaServer: 'fs',
    channel: 'c',
    dialogId: 'd',
  })
  await database.migrator.down({ to: BEFORE })
  expect((await pool.query('select call_id, channel from sip_leg')).rows).toEqual([
    { call_id: idOf(12), channel: 'c' },
  ])
})
