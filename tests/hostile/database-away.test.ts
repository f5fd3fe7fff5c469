import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest'
import { newSid } from '../../src/simulator/carrier/sid.ts'
import { parseTwiml } from '../../src/simulator/carrier/twiml.ts'
import { DatabaseGate } from '../support/database-gate.ts'
import { ScriptedWorld, SERVICE_NUMBER } from '../support/scripted-world.ts'
import type { ServiceProcess } from '../support/service-process.ts'

const SOON = { timeout: 15_000, interval: 50 }
/** Longer than the queue's own poll, so that every part of the service has met the closed door. */
const AWAY_MS = 1_500

let world: ScriptedWorld
let server: pg.Client
/** One that is told to go at the worst time. */
let leaving: ServiceProcess

beforeAll(async () => {
  world = await ScriptedWorld.begin({ LOG_LEVEL: 'silent' })
  server = new pg.Client({ connectionString: inject('postgresUrl') })
  await Promise.all([world.startNode(), server.connect()])
  leaving = await world.startNode({ ROLES: 'web,media' })
})
afterAll(async () => {
  await server.end()
  await world.end()
})

/** As when the server fails over: connections break, and for a while nobody gets a new one. */
async function whileTheDatabaseIsAway(act: () => Promise<void>): Promise<void> {
  const name = new URL(world.db.url).pathname.slice(1)
  await server.query(`alter database ${name} allow_connections false`)
  await server.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name])
  try {
    await act()
  } finally {
    await server.query(`alter database ${name} allow_connections true`)
  }
}

async function cloningCall(from: string) {
  const { cloneName } = await world.giveVoice(from)
  const fields = world.carrier.fieldsOf({ sid: newSid('CA'), from, to: SERVICE_NUMBER })
  await world.carrier.post(`${world.node.origin}/webhooks/inbound`, fields)
  await vi.waitFor(() => expect(world.vendor.isCloning(cloneName)).toBe(true), SOON)
  const poll = async () =>
    parseTwiml(
      await (await world.carrier.post(`${world.node.origin}/webhooks/status-callback`, fields)).text(),
    )
  return { cloneName, poll }
}

test('a database that is away for a while costs neither the process, nor its calls, nor the job queue', async () => {
  const call = await cloningCall('+15550100021')
  await whileTheDatabaseIsAway(async () => {
    // A job ends while its end cannot be written down.
    world.vendor.finishClone(call.cloneName)
    await sleep(AWAY_MS)
    expect(await leaving.terminate()).toBe(0)
    expect(await world.node.isHealthy()).toBe(false)
    // The caller hears on, and the carrier is told to ask once more.
    expect(await call.poll()).toMatchObject([
      { verb: 'Play' },
      { verb: 'Redirect', text: expect.stringContaining('waits=1') },
    ])
  })
  await vi.waitFor(async () => expect(await world.node.isHealthy()).toBe(true), SOON)
  expect((await call.poll()).at(-1)).toMatchObject({ verb: 'Redirect' })
  const next = await cloningCall('+15550100022')
  world.vendor.finishClone(next.cloneName)
  await vi.waitFor(async () => expect((await next.poll()).at(-1)).toMatchObject({ verb: 'Connect' }), SOON)
}, 60_000)

test.each([
  ['refuses connections', (gate: DatabaseGate) => gate.refuse()],
  ['is cut off without a word', (gate: DatabaseGate) => gate.swallow()],
])(
  'a node whose database %s ends when it is told to, with a live call',
  async (_, lose) => {
    const gate = await DatabaseGate.open(world.db.url)
    const node = await world.startNode({ DATABASE_URL: gate.url })
    const fields = world.carrier.fieldsOf({ sid: newSid('CA'), from: '+15550100023', to: SERVICE_NUMBER })
    await world.carrier.post(`${node.origin}/webhooks/inbound`, fields)
    lose(gate)
    const asked = world.carrier.post(`${node.origin}/webhooks/status-callback`, fields)
    expect(await node.terminate()).toBe(0)
    await asked.catch(() => {})
    await gate.close()
  },
  60_000,
)
