import { request } from 'node:http'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HandWorld } from '../support/hand-world.ts'
import type { ServiceProcess } from '../support/service-process.ts'
import { expectProblem, harmless, unchanged } from './harmless.ts'

let world: HandWorld
/** A node that only lets a far-away network in. */
let closed: ServiceProcess

beforeAll(async () => {
  world = await HandWorld.begin({ LOG_LEVEL: 'warn' })
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

describe('a voice', () => {
  const CALLER = '/voices/%2B15550100007'
  const CONSENT = 'Ann Example, 2026-01-05'
  const WAV = Buffer.concat([Buffer.from('RIFF\0\0\0\0WAVEfmt '), Buffer.alloc(64)])

  const file = (bytes: Buffer, name: string, type = 'audio/wav') =>
    new File([new Uint8Array(bytes)], name, { type })

  function put(parts: [string, string | File][], path = CALLER): Promise<Response> {
    const form = new FormData()
    for (const [name, value] of parts) form.append(name, value)
    return world.admin(path, { method: 'PUT', body: form })
  }

  test.each<[string, [string, string | File][], number, string]>([
    ['without consent', [['sample', file(WAV, 'a.wav')]], 422, 'invalid'],
    [
      'with an empty consent',
      [
        ['consent', ''],
        ['sample', file(WAV, 'a.wav')],
      ],
      422,
      'invalid',
    ],
    [
      'with a consent of nobody',
      [
        ['consent', '2026-01-05'],
        ['sample', file(WAV, 'a.wav')],
      ],
      422,
      'invalid',
    ],
    [
      'with a consent of tomorrow',
      [
        ['consent', 'Ann, 2126-01-05'],
        ['sample', file(WAV, 'a.wav')],
      ],
      422,
      'invalid',
    ],
    [
      'with two consents',
      [
        ['consent', CONSENT],
        ['consent', CONSENT],
        ['sample', file(WAV, 'a.wav')],
      ],
      422,
      'invalid',
    ],
    [
      'with a very deep consent',
      [
        ['consent', '['.repeat(4_000)],
        ['sample', file(WAV, 'a.wav')],
      ],
      422,
      'invalid',
    ],
    ['without a sample', [['consent', CONSENT]], 422, 'invalid'],
    [
      'with text for a sample',
      [
        ['consent', CONSENT],
        ['sample', 'RIFF'],
      ],
      422,
      'invalid',
    ],
    [
      'with an empty sample',
      [
        ['consent', CONSENT],
        ['sample', file(Buffer.alloc(0), 'a.wav')],
      ],
      422,
      'invalid',
    ],
    [
      'with a page that is called wav',
      [
        ['consent', CONSENT],
        ['sample', file(Buffer.from('<html>'), 'a.wav')],
      ],
      422,
      'invalid',
    ],
    [
      'with a program that is called wav',
      [
        ['consent', CONSENT],
        ['sample', file(Buffer.from('\x7fELF'), 'a.wav')],
      ],
      422,
      'invalid',
    ],
    [
      'with a wav that is called mp3',
      [
        ['consent', CONSENT],
        ['sample', file(WAV, 'a.mp3', 'audio/mpeg')],
      ],
      422,
      'invalid',
    ],
    [
      'with one good sample and a bad one',
      [
        ['consent', CONSENT],
        ['sample', file(WAV, 'a.wav')],
        ['sample', file(Buffer.from('no'), 'b.wav')],
      ],
      422,
      'invalid',
    ],
    [
      'with eleven samples',
      [['consent', CONSENT], ...Array(11).fill(['sample', file(WAV, 'a.wav')])],
      422,
      'invalid',
    ],
    [
      'with a file where none belongs',
      [
        ['consent', CONSENT],
        ['other', file(WAV, 'a.wav')],
      ],
      422,
      'invalid',
    ],
    ['with too many fields', [['consent', CONSENT], ...Array(20).fill(['x', 'y'])], 422, 'invalid'],
    ['with too large a field', [['consent', `${CONSENT} ${'x'.repeat(5_000)}`]], 413, 'too_large'],
    [
      'with a name of NUL',
      [
        ['consent', CONSENT],
        ['name', '\0'],
        ['sample', file(WAV, 'a.wav')],
      ],
      422,
      'invalid',
    ],
  ])('%s is refused', async (_, parts, status, reason) => {
    await expectProblem(await harmless(world, [reason], () => put(parts)), status)
  })

  test('with a sample of more than 10 MB is refused, and so is one of a hundred', async () => {
    for (const megabytes of [11, 100]) {
      const sample = file(Buffer.concat([WAV, Buffer.alloc(megabytes * 1024 * 1024)]), 'a.wav')
      const refused = () =>
        put([
          ['consent', CONSENT],
          ['sample', sample],
        ])
      await expectProblem(await harmless(world, ['too_large'], refused), 413)
    }
  })

  test.each([
    [
      'is cut short',
      'multipart/form-data; boundary=b',
      '--b\r\nContent-Disposition: form-data; name="sample"; filename="a.wav"\r\n\r\nRIFF',
      400,
      'malformed',
    ],
    ['has no boundary', 'multipart/form-data', 'x', 400, 'malformed'],
    [
      'has endless headers',
      'multipart/form-data; boundary=b',
      `--b\r\nX: ${'x'.repeat(100_000)}\r\n\r\n\r\n--b--`,
      400,
      'malformed',
    ],
    ['is JSON', 'application/json', '{}', 415, 'unsupported_type'],
    ['is a form without files', 'application/x-www-form-urlencoded', 'consent=x', 415, 'unsupported_type'],
  ])('whose form %s is refused', async (_, type, body, status, reason) => {
    const response = await harmless(world, [reason], () =>
      send('PUT', CALLER, body, { 'Content-Type': type }),
    )
    await expectProblem(response, status)
  })

  test('may be called whatever its owner likes, and its file too: a name is never a path', async () => {
    const name = '../../etc/passwd'
    const response = await put(
      [
        ['consent', CONSENT],
        ['name', name],
        ['sample', file(WAV, `${name}.wav`)],
      ],
      `/voices/${encodeURIComponent(name)}`,
    )
    expect(response.status).toBe(201)
    expect(await response.json()).toMatchObject({ callerId: name, name })
    expect((await world.admin(`/voices/${encodeURIComponent(name)}`, { method: 'DELETE' })).status).toBe(204)
  })
})
