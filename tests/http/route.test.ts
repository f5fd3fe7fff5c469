import { describe, expect, it, test } from 'vitest'
import { z } from 'zod'
import { route } from '../../src/http/route.ts'
import { HttpProblem } from '../../src/problem/problem.ts'
import { asAdmin, problemOf, serve, testApp } from './serve.ts'

const Caller = z.object({ number: z.string(), since: z.date() }).meta({ id: 'Caller' })

const read = route({
  method: 'get',
  path: '/callers/{id}',
  summary: 'One caller',
  params: z.object({ id: z.string().regex(/^\d+$/).describe('The number of the caller.') }),
  query: z.strictObject({ limit: z.coerce.number().int().max(10).default(5) }),
  answer: { status: 200, description: 'The caller.', body: Caller },
  problems: { 404: 'No such caller.' },
  handler: async ({ params, query }) => {
    if (params.id === '404') throw new HttpProblem(404, 'There is no such caller.')
    return { number: `${params.id}/${query.limit}`, since: new Date(0) }
  },
})

const change = route({
  method: 'patch',
  path: '/callers/{id}',
  summary: 'Changes a caller',
  params: z.object({ id: z.string() }),
  body: z.strictObject({
    name: z.string().min(1).max(10),
    tags: z.array(z.object({ 'a/b': z.number().int() })).default([]),
    kind: z.enum(['friend', 'stranger']).default('friend'),
  }),
  answer: { status: 204, description: 'Changed.' },
  handler: async () => {},
})

const serveRoutes = async () => `${await serve(testApp({ adminRoutes: [read, change] }))}/api/v1`

async function patch(body: string, type = 'application/json'): Promise<Response> {
  const headers = { ...asAdmin, 'content-type': type }
  return fetch(`${await serveRoutes()}/callers/1`, { method: 'PATCH', headers, body })
}

describe('a declared route', () => {
  it('is answered with what its handler resolves with', async () => {
    const response = await fetch(`${await serveRoutes()}/callers/7?limit=3`, { headers: asAdmin })
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.json()).toEqual({ number: '7/3', since: '1970-01-01T00:00:00.000Z' })
  })

  it('is answered with its status alone when there is nothing to say', async () => {
    const response = await patch('{"name":"Ann"}')
    expect(response.status).toBe(204)
    expect(await response.text()).toBe('')
  })

  it('asks for the key before it looks at anything', async () => {
    expect((await fetch(`${await serveRoutes()}/callers/x`)).status).toBe(401)
  })

  it('names what is wrong with the query', async () => {
    const response = await fetch(`${await serveRoutes()}/callers/7?limit=99&colour=red`, { headers: asAdmin })
    expect(response.status).toBe(422)
    const { errors } = await problemOf(response)
    expect(errors?.map(({ parameter }) => parameter).sort()).toEqual(['colour', 'limit'])
  })

  test.each([
    ['{}', ['#/name']],
    ['[]', ['#']],
    ['{"name":1,"tags":[{"a/b":"x"}],"more":1}', ['#/more', '#/name', '#/tags/0/a~1b']],
  ])('points at what is wrong in the body %s', async (body, pointers) => {
    const response = await patch(body)
    expect(response.status).toBe(422)
    const { errors } = await problemOf(response)
    expect(errors?.map(({ pointer }) => pointer).sort()).toEqual(pointers)
  })

  test.each([
    ['{"\\ud800":1}', { '#/name': 'is missing', '#/%EF%BF%BD': 'is not known here' }],
    ['{"more":1}', { '#/name': 'is missing', '#/more': 'is not known here' }],
    ['{"name":""}', { '#/name': 'must not be empty' }],
    ['{"name":7,"tags":{}}', { '#/name': 'must be text', '#/tags': 'must be a list' }],
    ['{"name":"far too long"}', { '#/name': 'must have at most 10 characters' }],
    ['{"name":"Ann","tags":[{"a/b":1.5}]}', { '#/tags/0/a~1b': 'must be a whole number' }],
    ['{"name":"Ann","kind":"x"}', { '#/kind': 'must be one of: friend, stranger' }],
  ])('says what is expected in the body %s', async (body, expected) => {
    const { errors } = await problemOf(await patch(body))
    expect(Object.fromEntries(errors?.map(({ pointer, detail }) => [pointer, detail]) ?? [])).toEqual(
      expected,
    )
  })

  it('takes JSON only', async () => {
    expect((await patch('name=Ann', 'application/x-www-form-urlencoded')).status).toBe(415)
    expect((await patch('{', 'application/json')).status).toBe(400)
  })

  it('knows nothing under a path that cannot be', async () => {
    expect((await fetch(`${await serveRoutes()}/callers/x`, { headers: asAdmin })).status).toBe(404)
    expect((await fetch(`${await serveRoutes()}/callers/404`, { headers: asAdmin })).status).toBe(404)
  })

  it('names the methods that a path has', async () => {
    const response = await fetch(`${await serveRoutes()}/callers/7`, { method: 'DELETE', headers: asAdmin })
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('GET, HEAD, PATCH')
  })
})

describe('the OpenAPI document', () => {
  it('describes the same routes', async () => {
    const response = await fetch(`${await serveRoutes()}/openapi.json`, { headers: asAdmin })
    const document = await response.json()
    expect(document.openapi).toBe('3.1.0')
    const { get, patch } = document.paths['/api/v1/callers/{id}']
    expect(get.parameters).toEqual([
      {
        name: 'id',
        in: 'path',
        required: true,
        description: 'The number of the caller.',
        schema: { type: 'string', pattern: '^\\d+$' },
      },
      {
        name: 'limit',
        in: 'query',
        required: false,
        schema: expect.objectContaining({ type: 'integer', maximum: 10, default: 5 }),
      },
    ])
    expect(get.responses[200].content['application/json'].schema).toEqual({
      $ref: '#/components/schemas/Caller',
    })
    expect(document.components.schemas.Caller.properties.since).toEqual({
      type: 'string',
      format: 'date-time',
    })
    expect(Object.keys(get.responses)).toEqual(['200', '401', '403', '404', '422', '429'])
    expect(patch.requestBody.content['application/json'].schema.required).toEqual(['name'])
    expect(patch.responses[204]).toEqual({ description: 'Changed.' })
  })
})
