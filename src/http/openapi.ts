import { STATUS_CODES } from 'node:http'
import { z } from 'zod'
import { PROBLEM_TYPE } from '../problem/problem.ts'
import type { AnyRoute } from './route.ts'

/*
 * The OpenAPI 3.1 document, made from the very declarations that check the requests.
 */

type Json = Record<string, unknown>

export type ApiInfo = { title: string; version: string; description: string }

/** Describes the routes as they are mounted below `base`. */
export function openApiDocument(routes: readonly AnyRoute[], base: string, info: ApiInfo): Json {
  const schemas: Json = { Problem: PROBLEM }
  const paths: Record<string, Json> = {}
  for (const route of routes) {
    const path = `${base}${route.path}`
    paths[path] = { ...paths[path], [route.method]: operation(route, schemas) }
  }
  return {
    openapi: '3.1.0',
    info,
    security: [{ bearer: [] }, { apiKey: [] }, { session: [] }],
    paths,
    components: { schemas, securitySchemes: SECURITY_SCHEMES },
  }
}

const SECURITY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer' },
  apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
  session: { type: 'apiKey', in: 'cookie', name: 'precall_session' },
}

const PROBLEM = {
  description: 'What is wrong with a request, as RFC 9457 has it.',
  type: 'object',
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    instance: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          detail: { type: 'string' },
          pointer: { type: 'string', description: 'The place in the body, as a JSON pointer.' },
          parameter: { type: 'string', description: 'The name of the path or query parameter.' },
        },
        required: ['detail'],
      },
    },
  },
  required: ['type', 'title', 'status', 'detail'],
}

function operation(route: AnyRoute, schemas: Json): Json {
  return {
    tags: [route.path.split('/')[1]],
    summary: route.summary,
    parameters: [...parameters(route.params, 'path'), ...parameters(route.query, 'query')],
    ...(route.body && { requestBody: requestBody(route, schemas) }),
    responses: { ...successes(route, schemas), ...problems(route) },
  }
}

function successes({ answer }: AnyRoute, schemas: Json): Json {
  const body = answer.body && {
    content: content('application/json', toJsonSchema(answer.body, 'output', schemas)),
  }
  return {
    [answer.status]: { description: answer.description, ...body },
    ...(answer.created && { 201: { description: answer.created, ...body } }),
  }
}

function requestBody(route: AnyRoute, schemas: Json): Json {
  const schema = toJsonSchema(route.body as z.ZodType, 'input', schemas)
  if (!route.upload) return { required: true, content: content('application/json', schema) }
  const files = {
    type: 'array',
    minItems: 1,
    maxItems: route.upload.maxFiles,
    items: { type: 'string', format: 'binary' },
    description: route.upload.about,
  }
  const { properties, required = [] } = schema as { properties: Json; required?: string[] }
  const { field } = route.upload
  const form = { ...schema, properties: { ...properties, [field]: files }, required: [...required, field] }
  return { required: true, content: content('multipart/form-data', form) }
}

const content = (mediaType: string, schema: Json) => ({ [mediaType]: { schema } })

function parameters(schema: z.ZodObject | undefined, place: 'path' | 'query'): Json[] {
  if (!schema) return []
  const { properties = {}, required = [] } = toJsonSchema(schema, 'input', {}) as {
    properties?: Record<string, Json>
    required?: string[]
  }
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: required.includes(name),
    description,
    schema: rest,
  }))
}

/** Every route can answer these; the route's own come to them. */
function problems(route: AnyRoute): Json {
  const common: Record<number, string> = {
    401: 'The admin key is missing or wrong.',
    403: 'The address is not among those allowed.',
    429: 'Too many requests.',
  }
  if (route.query || route.body) common[422] = 'The request does not fit its schema; `errors` says where.'
  const described = Object.entries({ ...common, ...route.problems })
  return Object.fromEntries(
    described.map(([status, description]) => [
      status,
      {
        description: description || STATUS_CODES[status],
        content: content(PROBLEM_TYPE, { $ref: '#/components/schemas/Problem' }),
      },
    ]),
  )
}

/** Schemas with an id become components, which are added to `schemas`; the answer refers to them. */
function toJsonSchema(schema: z.ZodType, io: 'input' | 'output', schemas: Json): Json {
  // Within an object a named schema is always referred to, however it is used.
  const wrapped = z.toJSONSchema(z.object({ schema }), {
    io,
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema._zod.def.type === 'date')
        Object.assign(jsonSchema, { type: 'string', format: 'date-time' })
      delete jsonSchema.id
    },
  })
  const moved = JSON.parse(JSON.stringify(wrapped).replaceAll('"#/$defs/', '"#/components/schemas/'))
  Object.assign(schemas, moved.$defs)
  return moved.properties.schema
}
