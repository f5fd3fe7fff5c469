import { request } from 'node:http'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ScriptedWorld } from '../support/scripted-world.ts'
import type { ServiceProcess } from '../support/service-process.ts'
import { expectProblem, harmless, unchanged } from './expect-no-effect.ts'

let world: ScriptedWorld
/** A node that only lets a far-away network in. */
let closed: ServiceProcess

beforeAll(async () => {
  world = await ScriptedWorld.begin({ LOG_LEVEL: 'warn' })
  await world.startNode()
  closed = await world.startNode({ ALLOWED_IPS: '10.0.0.0/8,2001:db8::/32' })
})
afterAll(() => world.end())

const JSON_TYPE = { 'Content-Type': 'application/json' }
const send = (method: string, path: string, body: string, headers: Record<string, string> = JSON_TYPE) =>
  world.admin(path, { method, body, headers })

const ROUTES: [string, string][] = [
  ['GET', '/api/v1/calls'],
  ['GET', '/api/v1/calls/0190a0a0-0000-7000-8000-000000000000'],
  ['GET', '/api/v1/calls/0190a0a0-0000-7000-8000-000000000000/events?follow'],
  ['GET', '/api/v1/calls/0190a0a0-0000-7000-8000-000000000000/conversation'],
  ['POST', '/api/v1/calls/0190a0a0-0000-7000-8000-000000000000/hangup'],
  ['PUT', '/api/v1/voices/%2B15550100001'],
  ['GET', '/api/v1/voices/%2B15550100001'],
  ['DELETE', '/api/v1/voices/%2B15550100001'],
  ['DELETE', '/api/v1/cache/%2B15550100001'],
  ['GET', '/api/v1/agents'],
  ['POST', '/api/v1/agents'],
  ['GET', '/api/v1/statistics'],
  ['GET', '/api/v1/machines/call'],
  ['GET', '/api/v1/openapi.json'],
  ['GET', '/api/v1/nothing'],
  ['GET', '/metrics'],
]

describe.each(ROUTES)('%s %s', (method, path) => {
  test.each([
    ['without a key', {}],
    ['with an empty key', { authorization: 'Bearer ', 'x-api-key': '' }],
    ['with a wrong key', { 'x-api-key': 'admin' }],
  ])('%s is refused', async (_, headers) => {
    const response = await harmless(world, ['unauthorized'], () =>
      fetch(world.node.origin + path, { method, headers: headers as Record<string, string> }),
    )
    await expectProblem(response, 401)
  })

  test('from an address that is not allowed is refused, whoever it says that it is', async () => {
    const headers = { 'x-api-key': world.adminKey, 'X-Forwarded-For': '10.1.2.3', Forwarded: 'for=10.1.2.3' }
    await expectProblem(await fetch(closed.origin + path, { method, headers }), 403)
  })
})

test('webhooks and audio come from anywhere: ALLOWED_IPS is for people', async () => {
  expect((await fetch(`${closed.origin}/audio/hold/0.wav`)).status).toBe(200)
  expect((await fetch(`${closed.origin}/health`)).status).toBe(200)
  await expectProblem(await fetch(`${closed.origin}/webhooks/inbound`, { method: 'POST' }), 403)
  await expectProblem(await fetch(`${closed.origin}/`), 403)
})

describe('JSON', () => {
  const nested = (open: string, close: string, depth: number) => open.repeat(depth) + close.repeat(depth)
  const agentWith = (fields: string) => `{"name":"Ann",${fields}}`

  test.each([
    ['that ends too soon', '{"name":', 400, 'malformed'],
    ['that is no JSON', 'name=Ann', 400, 'malformed'],
    ['that is no object', '[]', 422, 'invalid'],
    ['that is nothing', 'null', 400, 'malformed'],
    ['fifty thousand arrays deep', nested('[', ']', 50_000), 422, 'invalid'],
    ['fifteen thousand objects deep', `${'{"a":'.repeat(15_000)}1${'}'.repeat(15_000)}`, 422, 'invalid'],
    [
      'with deep arrays where anything may be',
      agentWith(`"tools":[{"a":${nested('[', ']', 40_000)}}]`),
      422,
      'invalid',
    ],
    [
      'with deep objects where anything may be',
      agentWith(`"tools":[${'{"a":'.repeat(12_000)}1${'}'.repeat(12_000)}]`),
      422,
      'invalid',
    ],
    ['that reaches for the prototype', agentWith('"__proto__":{"isAdmin":true}'), 422, 'invalid'],
    ['with fields that nobody knows', agentWith('"isAdmin":true'), 422, 'invalid'],
    ['with a number for a name', '{"name":7}', 422, 'invalid'],
    ['with an array for a name', '{"name":["Ann"]}', 422, 'invalid'],
    ['with NUL in a name', '{"name":"An\\u0000n"}', 422, 'invalid'],
    ['with half a character in a name', '{"name":"An\\ud800n"}', 422, 'invalid'],
    ['with NUL where anything may be', agentWith('"tools":[{"a\\u0000":1}]'), 422, 'invalid'],
    ['with a number for a telephone number', agentWith('"transferNumber":112'), 422, 'invalid'],
    [
      'with more than a telephone number',
      agentWith('"transferNumber":"+1;drop table agent"'),
      422,
      'invalid',
    ],
    ['larger than is taken', agentWith(`"instructions":"${'x'.repeat(101 * 1024)}"`), 413, 'too_large'],
    ['of a hundred thousand empty objects', `[${Array(33_000).fill('{}').join()}]`, 422, 'invalid'],
  ])('%s is refused', async (_, body, status, reason) => {
    await expectProblem(await harmless(world, [reason], () => send('POST', '/agents', body)), status)
  })

  test.each([
    ['another type', { 'Content-Type': 'text/plain' }],
    ['another character set', { 'Content-Type': 'application/json; charset=klingon' }],
    ['an unknown encoding', { ...JSON_TYPE, 'Content-Encoding': 'compress' }],
  ])('under %s is refused', async (_, headers) => {
    const response = await harmless(world, ['unsupported_type'], () =>
      send('POST', '/agents', '{"name":"Ann"}', headers as Record<string, string>),
    )
    await expectProblem(response, 415)
  })

  test('of whatever kind never makes the service fail', async () => {
    const field = fc.constantFrom(
      'name',
      'backend',
      'voiceId',
      'language',
      'tools',
      'transferNumber',
      'numbers',
    )
    const agent = fc.dictionary(field, fc.jsonValue({ noUnicodeString: false }), { maxKeys: 4 })
    await fc.assert(
      fc.asyncProperty(fc.oneof(agent, fc.jsonValue()), async (drawn) => {
        const { status } = await send('POST', '/agents', JSON.stringify(drawn))
        expect([201, 400, 409, 422]).toContain(status)
      }),
      { numRuns: 150 },
    )
  })
})

describe('a path', () => {
  /** As it stands: an URL object would tidy it up. */
  function statusOf(path: string): Promise<number | undefined> {
    const { hostname, port } = new URL(world.node.origin)
    const headers = { 'x-api-key': world.adminKey }
    return new Promise((resolve, reject) => {
      request({ hostname, port, path, headers }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
        .on('error', reject)
        .end()
    })
  }

  test.each([
    ['/api/v1/voices/../calls', 404],
    ['/api/v1/voices/..%2f..%2f..%2fetc%2fpasswd', 404],
    ['/api/v1/voices/%2e%2e', 404],
    ['/api/v1/voices/%00', 404],
    ['/api/v1/voices/%ff', 400],
    ['/api/v1/voices/%', 400],
    [`/api/v1/voices/${'a'.repeat(300)}`, 404],
    [`/api/v1/voices/${'%F0%9F%92%A9'.repeat(100)}`, 404],
    [`/api/v1/voices/';drop table call_log;--`.replaceAll(' ', '%20'), 404],
    ['/api/v1/calls/1', 404],
    ['/api/v1/calls/../../metrics', 404],
    ['/api/v1/machines/__proto__', 404],
    ['/api/v1/machines/constructor', 404],
    ['/audio/hold/../../package.json', 404],
    ['/audio/hold/..%2f..%2fpackage.json', 404],
    ['/audio/hold/999999.wav', 404],
    ['/audio/hold/-1.wav', 404],
    ['/audio/greeting/..%2f..%2fpackage.json.wav', 404],
    ['/../../../../etc/passwd', 404],
    ['/assets/..%2f..%2f..%2fpackage.json', 404],
    ['//etc/passwd', 404],
    [`/${'a/'.repeat(3_000)}`, 404],
    [`/api/v1/calls?${'cursor=x&'.repeat(1_000)}`, 422],
    ['/api/v1/calls?cursor=W10', 422],
    ['/api/v1/calls?limit=1e9', 422],
    ['/api/v1/calls?state=__proto__', 422],
    ['/api/v1/calls?from=%00', 422],
    ['/api/v1/calls?since=yesterday', 422],
    ['/api/v1/calls?__proto__[x]=1', 422],
  ])('%s is answered %i', async (path, status) => {
    expect(await unchanged(world, () => statusOf(path))).toBe(status)
  })
})
