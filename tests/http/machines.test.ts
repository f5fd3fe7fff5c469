import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { callMachine } from '../../machines/call.machine.ts'
import { chartDefinition } from '../../src/calls/chart-definition.ts'
import { machinesRoutes } from '../../src/http/machines-routes.ts'
import { fingerprintOf, keepRun } from '../../src/model/coverage.ts'
import { asAdmin, problemOf, serve, testApp } from './serve.ts'

const call = chartDefinition(callMachine)

async function setUp() {
  const folder = await mkdtemp(join(tmpdir(), 'precall-coverage-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const url = await serve(testApp({ adminRoutes: machinesRoutes({ call }, folder) }))
  const ask = (path: string) => fetch(`${url}/api/v1/machines/${path}`, { headers: asAdmin })
  return { folder, ask }
}

it('shows statecharts by name', async () => {
  const { ask } = await setUp()
  expect(await (await ask('call')).json()).toMatchObject({
    id: 'call',
    states: { live: { type: 'parallel' } },
  })
  for (const name of ['campaign', 'constructor', 'campaign/coverage']) {
    expect((await ask(name)).status).toBe(404)
  }
})

it('shows how often tests went through a chart, and whether it was this one', async () => {
  const { ask, folder } = await setUp()
  expect(await (await ask('call/coverage')).json()).toMatchObject({ chart: 'call', carriers: [] })

  const paths = [
    { name: 'a', elements: ['call', 'call.live'] },
    { name: 'b', elements: ['call', 'joining on media.joined #1', 'gone since'] },
  ]
  const run = { chart: 'call', at: '2026-01-05T12:00:00.000Z', paths, never: ['call.live'] }
  await keepRun({ ...run, carrier: 'twilio', fingerprint: fingerprintOf(call) }, folder)
  await keepRun({ ...run, carrier: 'sip', fingerprint: 'of another day' }, folder)
  const { carriers } = await (await ask('call/coverage')).json()
  expect(carriers).toMatchObject([
    { carrier: 'sip', isOfThisChart: false },
    {
      carrier: 'twilio',
      isOfThisChart: true,
      paths: 2,
      states: { call: 2, joining: 0 },
      never: ['call.live'],
      transitions: { 'joining on media.joined #1': 1, 'joining on leg.streamEnded #1': 0 },
    },
  ])
  for (const id of ['gone since', 'call.live']) expect(Object.keys(carriers[1].states)).not.toContain(id)

  await writeFile(join(folder, 'chart-call-sip.json'), '{"chart":"call","pa')
  const cut = await ask('call/coverage')
  expect(cut.status).toBe(500)
  expect((await problemOf(cut)).detail).toContain('chart-call-sip.json is not what a run of the tests left')
})
