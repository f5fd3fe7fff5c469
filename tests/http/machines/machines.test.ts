import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { callSystem } from '../../../machines/call/call-system.ts'
import { systemDefinition } from '../../../src/actors/chart-definition.ts'
import { machinesRoutes } from '../../../src/http/machines/machines-routes.ts'
import { fingerprintOf } from '../../../src/model/coverage.ts'
import { keepRun } from '../../support/keep-run.ts'
import { asAdmin, problemOf, serve, testApp } from '../serve.ts'

const call = systemDefinition(callSystem)

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
    id: 'call-system',
    states: { call: { id: 'call' }, leg: { id: 'leg' } },
  })
  for (const name of ['campaign', 'constructor', 'campaign/coverage']) {
    expect((await ask(name)).status).toBe(404)
  }
})

it('shows how often tests went through a chart, and whether it was this one', async () => {
  const { ask, folder } = await setUp()
  expect(await (await ask('call/coverage')).json()).toMatchObject({ chart: 'call-system', carriers: [] })

  const paths = [
    { name: 'a', elements: ['call', 'leg.gone'] },
    { name: 'b', elements: ['call', 'leg.opening on media.joined #1', 'gone since'] },
  ]
  const run = { chart: 'call-system', at: '2026-01-05T12:00:00.000Z', paths, never: ['leg.gone'] }
  await keepRun({ ...run, carrier: 'twilio', fingerprint: fingerprintOf(call) }, folder)
  await keepRun({ ...run, carrier: 'sip', fingerprint: 'of another day' }, folder)
  const { carriers } = await (await ask('call/coverage')).json()
  expect(carriers).toMatchObject([
    { carrier: 'sip', isOfThisChart: false },
    {
      carrier: 'twilio',
      isOfThisChart: true,
      paths: 2,
      states: { call: 2, 'leg.opening': 0 },
      never: ['leg.gone'],
      transitions: { 'leg.opening on media.joined #1': 1, 'leg.opening on leg.streamEnded #1': 0 },
    },
  ])
  for (const id of ['gone since', 'leg.gone']) expect(Object.keys(carriers[1].states)).not.toContain(id)

  await writeFile(join(folder, 'chart-call-system-sip.json'), '{"chart":"call","pa')
  const cut = await ask('call/coverage')
  expect(cut.status).toBe(500)
  expect((await problemOf(cut)).detail).toContain(
    'chart-call-system-sip.json is not what a run of the tests left',
  )
})
