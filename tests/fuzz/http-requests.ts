import { twilioSignature } from '../../src/simulator/carrier/signature.ts'
import type { SeededRandom } from '../chaos/seeded-random.ts'
import { NASTY, oddText } from './mutation.ts'

/* Requests to every route that there is: those of the API as its own description tells them, webhooks, pages and audio. */

export type OddRequest = {
  method: string
  path: string
  headers: Record<string, string>
  body: string | null
}

type Parameter = { name: string; in: string }
type Operation = { parameters?: Parameter[]; requestBody?: { content: Record<string, { schema?: Schema }> } }
type Schema = { $ref?: string; properties?: Record<string, unknown> }
export type Description = {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
}

type Route = { method: string; path: string; query: string[]; fields: string[]; type: string | null }

/** What the API says of itself, as far as requests are made of it. A stream without an end is left out. */
export function routesIn({ paths, components }: Description): Route[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { parameters = [], requestBody }]) => {
      const [[type, { schema }] = [null, {}]] = Object.entries(requestBody?.content ?? {}) as [
        string,
        { schema?: Schema },
      ][]
      const named = schema?.$ref?.split('/').at(-1) ?? ''
      const properties = schema?.properties ?? components.schemas[named]?.properties ?? {}
      const query = parameters
        .filter((each) => each.in === 'query' && each.name !== 'follow')
        .map(({ name }) => name)
      return { method: method.toUpperCase(), path, query, fields: Object.keys(properties), type }
    }),
  )
}

const VALUES = [
  '+15550100001',
  '0190a0a0-0000-7000-8000-000000000000',
  'call',
  'elevenlabs',
  'Ann',
  'true',
  '50',
  'ended',
  'twilio',
  '2026-11-21T10:00:00Z',
  '2026-11-21',
  'Ann Example, 2026-11-20',
  'attested',
  '{"by":"Ann","at":"2026-11-20"}',
]

const PAGES = [
  '/',
  '/health',
  '/metrics',
  '/console/config',
  '/console/session',
  '/console/licences.json',
  '/console/assets/x.js',
  '/audio/hold/0.wav',
  '/audio/hold/7.wav?ms=2000',
  '/audio/greeting/x.wav',
  '/audio/spoken/apology.wav',
  '/webhook/elevenlabs/postcall',
  '/simulator/phone',
  '/media-stream/x',
  '/demo/kill',
  '/api/v1/openapi.json',
]

const WEBHOOKS = ['inbound', 'status-callback', 'call-status', 'stream-ended', 'amd', 'recording']
const FORM_FIELDS = [
  'CallSid',
  'From',
  'To',
  'CallStatus',
  'CallDuration',
  'StirVerstat',
  'SipDomain',
  'AccountSid',
  'Digits',
]
const FORM_VALUES = [
  'ringing',
  'in-progress',
  'completed',
  'busy',
  'no-answer',
  'canceled',
  '+15550100001',
  '+15550199999',
  'sip:ann@example.com',
  'client:ann',
  'TN-Validation-Passed-A',
  'TN-Validation-Failed',
  '12',
  'anonymous',
]

/** Calls come again and again, so that those that go on are asked, too. */
const sidOf = (random: SeededRandom) => `CA${random.between(0, 40).toString(16).padStart(32, '0')}`

export function oddApiRequest(route: Route, adminKey: string, random: SeededRandom): OddRequest {
  const path = route.path.replaceAll(/\{\w+\}/g, () => encoded(oddText(VALUES, random), random))
  const query = route.query
    .filter(() => random.happens(0.4))
    .map((name) => `${name}=${encoded(oddText(VALUES, random), random)}`)
  const key: Record<string, string> = random.happens(0.998)
    ? { authorization: `Bearer ${adminKey}` }
    : { 'x-api-key': random.pick(NASTY) }
  const { headers, body } = bodyOf(route, random)
  return {
    method: route.method,
    path: `${path}${query.length > 0 ? `?${query.join('&')}` : ''}`,
    headers: { ...key, ...headers },
    body,
  }
}

/** Some clients encode what stands in a path, and some do not. */
const encoded = (text: string, random: SeededRandom) =>
  random.happens(0.9) ? encodeURIComponent(text.toWellFormed()) : text.replace(/[^\x21-\x7e]/g, '')

function bodyOf(
  { type, fields }: Route,
  random: SeededRandom,
): { headers: Record<string, string>; body: string | null } {
  if (type === null) return { headers: {}, body: random.happens(0.05) ? random.pick(NASTY) : null }
  if (type === 'multipart/form-data') return multipart(fields, random)
  const body = random.happens(0.8)
    ? JSON.stringify(oddObject(fields, random))
    : oddText(['{"name":"Ann"}', '[]', 'null'], random)
  return { headers: { 'content-type': random.happens(0.95) ? type : 'text/plain' }, body: body ?? '' }
}

function oddObject(fields: readonly string[], random: SeededRandom): object {
  const chosen = fields.filter(() => random.happens(0.5)).map((name) => [name, oddValue(random, 3)])
  if (random.happens(0.1)) chosen.push([random.pick(NASTY), oddValue(random, 1)])
  return Object.fromEntries(chosen)
}

function oddValue(random: SeededRandom, depth: number): unknown {
  const deeper = depth > 0 ? 1 : 0
  const kinds = { text: 6, number: 2, boolean: 1, null: 1, array: 2 * deeper, object: deeper }
  switch (random.weighted(kinds)) {
    case 'number':
      return random.pick([0, -1, 1.5, 1e308, 2 ** 53, Number.MIN_VALUE])
    case 'boolean':
      return random.happens(0.5)
    case 'null':
      return null
    case 'array':
      return Array.from({ length: random.between(0, 4) }, () => oddValue(random, depth - 1))
    case 'object':
      return oddObject(VALUES, random)
    default:
      return oddText(VALUES, random)
  }
}

function multipart(
  fields: readonly string[],
  random: SeededRandom,
): { headers: Record<string, string>; body: string } {
  const boundary = random.happens(0.9) ? 'fuzz' : random.pick(['', '"', 'x'.repeat(300)])
  const parts = [...fields, 'sample']
    .filter(() => random.happens(0.8))
    .map((name) => {
      const file =
        name === 'sample' ? `; filename="${oddText(['ann.wav'], random).replace(/["\r\n]/g, '')}"` : ''
      return `--fuzz\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n${oddText(VALUES, random)}\r\n`
    })
  const end = random.happens(0.9) ? '--fuzz--\r\n' : ''
  return {
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    body: parts.join('') + end,
  }
}

/** A webhook as Twilio signs it, whatever is in it; now and then one that nobody has signed. */
export function oddWebhook(origin: string, authToken: string, random: SeededRandom): OddRequest {
  const query = random.pick([
    '',
    '',
    '?bridgeNumber=1',
    '?leaves=1',
    `?bridgeNumber=${encodeURIComponent(random.pick(NASTY).toWellFormed())}`,
    '?waits=3',
  ])
  const path = `/webhooks/${random.pick(WEBHOOKS)}${query}`
  const names = FORM_FIELDS.filter((name) => name === 'CallSid' || random.happens(0.6))
  const fields = Object.fromEntries(names.map((name) => [name, oddField(name, random).toWellFormed()]))
  const signature = random.happens(0.95)
    ? twilioSignature(authToken, origin + path, fields)
    : random.pick(['', 'x', '='])
  const headers = { 'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': signature }
  return { method: 'POST', path, headers, body: new URLSearchParams(fields).toString() }
}

const oddField = (name: string, random: SeededRandom) =>
  name === 'CallSid' && random.happens(0.9) ? sidOf(random) : oddText(FORM_VALUES, random)

/** Anything else that is asked for, by any method and with any headers. */
export function oddPage(random: SeededRandom): OddRequest {
  const path = oddText(PAGES, random).replace(/[^\x21-\x7e]/g, '')
  const method = random.pick(['GET', 'GET', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])
  const names = [
    'range',
    'accept',
    'cookie',
    'host',
    'origin',
    'content-type',
    'x-forwarded-for',
    'if-none-match',
    'elevenlabs-signature',
  ]
  const headers = names
    .filter(() => random.happens(0.2))
    .map((name) => [name, oddText(['bytes=0-10', 'text/html', 'a=b', 't=1,v0=00'], random)])
  const body = ['POST', 'PUT', 'PATCH'].includes(method) ? oddText(['{}', 'a=b'], random) : null
  return {
    method,
    path: path.startsWith('/') ? path : `/${path}`,
    headers: Object.fromEntries(headers),
    body,
  }
}
