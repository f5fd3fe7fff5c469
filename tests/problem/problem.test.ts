import { once } from 'node:events'
import { createServer, request, type Server } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { refuseUnclaimedUpgrades } from '../../src/http/upgrades.ts'
import { HttpProblem, sendProblem } from '../../src/problem/problem.ts'
import { listenHere } from '../support/loopback.ts'

type Answered = { status: number; headers: Record<string, string>; body: string }

async function ask(server: Server, path: string, options: object = {}): Promise<Answered> {
  const origin = await listenHere(server)
  onTestFinished(() => void server.close())
  const asked = request(`${origin}${path}`, { agent: false, ...options }).end()
  const [response] = await once(asked, 'response')
  const chunks: Buffer[] = await response.toArray()
  return {
    status: response.statusCode,
    headers: response.headers,
    body: Buffer.concat(chunks).toString(),
  }
}

const UPGRADE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
}

const refusing = (problem: HttpProblem) => createServer((_req, res) => sendProblem(res, problem))

test('a problem says what is wrong, where, and how to mend it', async () => {
  const errors = [{ pointer: '#/name', detail: 'must be text' }]
  const problem = new HttpProblem(422, 'The name is missing; send one – any.', {
    errors,
    headers: { 'Retry-After': '5' },
  })
  const { status, headers, body } = await ask(refusing(problem), '/agents/1?token=secret')
  expect(status).toBe(422)
  expect(headers).toMatchObject({
    'content-type': 'application/problem+json',
    'content-length': `${Buffer.byteLength(body)}`,
    'cache-control': 'no-store',
    'retry-after': '5',
  })
  expect(JSON.parse(body)).toEqual({
    type: 'about:blank',
    title: 'Unprocessable Entity',
    status: 422,
    detail: 'The name is missing; send one – any.',
    instance: '/agents/1',
    errors,
  })
})

test('a HEAD is told the status, and no body', async () => {
  const { status, body } = await ask(refusing(new HttpProblem(404, 'Nothing.')), '/', { method: 'HEAD' })
  expect([status, body]).toEqual([404, ''])
})

test('an upgrade that nobody takes is refused alike, and its connection ends', async () => {
  const server = createServer()
  refuseUnclaimedUpgrades(server, new Set(['/claimed/']))
  const { status, headers, body } = await ask(server, '/nowhere?token=secret', { headers: UPGRADE })
  expect(headers).toMatchObject({ 'content-type': 'application/problem+json', connection: 'close' })
  expect([status, JSON.parse(body)]).toEqual([
    404,
    {
      type: 'about:blank',
      title: 'Not Found',
      status: 404,
      detail: 'No WebSocket is taken at this path.',
      instance: '/nowhere',
    },
  ])
})
