import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import type { CarrierCall } from './call.ts'
import { CallError } from './call-error.ts'
import type { CarrierFaults } from './faults.ts'
import { BodyTooLarge, readBody } from './http-client.ts'
import type { PhoneNumber } from './phone-number.ts'
import { accountPath, accountResource, callResource, numberResource, pageOf } from './rest-resources.ts'
import type { Step } from './step.ts'
import { parseTwiml } from './twiml.ts'
import type { Method } from './webhooks.ts'

/** What the REST API shows and changes. */
export type RestAccount = {
  accountSid: string
  authToken: string
  number: PhoneNumber
  calls: ReadonlyMap<string, CarrierCall>
  faults: CarrierFaults
  since: Date
  log: Logger
}

type Fields = URLSearchParams
type Answer = object

const MAX_BODY_BYTES = 64 * 1024
const MAX_TWIML_CHARACTERS = 4000

/** An error as Twilio's REST API puts it. */
class RestError extends Error {
  readonly status: number
  readonly code: number
  constructor(status: number, code: number, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** Answers the part of Twilio's REST API that has to do with one number and its calls. */
export function restApi(account: RestAccount) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (account.faults.hangRest) return
    try {
      send(response, 200, await answer(account, request))
    } catch (error) {
      const known = asRestError(error)
      if (known.status === 500) account.log.error({ err: error }, 'simulated carrier REST request failed')
      send(response, known.status, errorBody(known))
    }
  }
}

async function answer(account: RestAccount, request: IncomingMessage): Promise<Answer> {
  const refusal = account.faults.refuseRest
  if (refusal !== null) throw new RestError(refusal, refusal === 429 ? 20429 : 20500, 'Refused on purpose.')
  checkCredentials(account, request)
  const url = new URL(request.url ?? '/', 'http://carrier')
  const body = await readBody(request, MAX_BODY_BYTES)
  const fields = new URLSearchParams(body.toString('utf8'))
  const resource = resourceAt(account, url)
  const handler =
    request.method === 'POST' ? resource?.post : request.method === 'GET' ? resource?.get : undefined
  if (handler) return handler(fields)
  if (resource) throw new RestError(405, 20004, `Method ${request.method} is not allowed.`)
  throw notFound(url.pathname)
}

function checkCredentials({ accountSid, authToken }: RestAccount, { headers }: IncomingMessage): void {
  const expected = Buffer.from(`Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`)
  const given = Buffer.from(headers.authorization ?? '')
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw new RestError(401, 20003, 'Authenticate')
}

type Resource = { get: () => Answer; post?: (fields: Fields) => Answer }

function resourceAt(account: RestAccount, { pathname, search, searchParams }: URL): Resource | null {
  const { accountSid, number, calls, since } = account
  const root = accountPath(accountSid)
  const callSid = new RegExp(`^${root}/Calls/(\\w+)\\.json$`).exec(pathname)?.[1]
  const call = callSid && calls.get(callSid)
  if (call) {
    const show = () => callResource(call, accountSid, number.sid)
    return { get: show, post: (fields) => changeCall(call, fields) ?? show() }
  }
  const showNumber = () => numberResource(number, accountSid, since)
  if (pathname === `${root}.json`) return { get: () => accountResource(accountSid, since) }
  if (pathname === `${root}/IncomingPhoneNumbers/${number.sid}.json`)
    return { get: showNumber, post: (fields) => changeNumber(number, fields) ?? showNumber() }
  if (pathname !== `${root}/IncomingPhoneNumbers.json`) return null
  const wanted = searchParams.get('PhoneNumber')
  const found = wanted === null || wanted === number.phoneNumber ? [showNumber()] : []
  return { get: () => pageOf('incoming_phone_numbers', found, pathname + search) }
}

function changeCall(call: CarrierCall, fields: Fields): void {
  if (call.move(requestedStep(call, fields))) return
  throw new RestError(400, 21220, `Call ${call.sid} is not in-progress. Cannot redirect.`)
}

/** Twilio looks at the status first, then at the URL; TwiML counts only without both. */
function requestedStep(call: CarrierCall, fields: Fields): Step {
  const status = fields.get('Status')
  const url = fields.get('Url')
  const twiml = fields.get('Twiml')
  if (status !== null) return requestedEnd(call, status)
  if (url !== null)
    return { do: 'request', url: checkedUrl(url, 21205), method: methodIn(fields, 'Method') ?? 'POST' }
  if (twiml !== null) return requestedDocument(twiml)
  throw new RestError(400, 20001, 'One of Url, Twiml and Status is needed to change a call.')
}

function requestedEnd(call: CarrierCall, status: string): Step {
  if (status !== 'completed' && status !== 'canceled')
    throw new RestError(400, 20001, `Status can be set to completed or canceled, not to "${status}".`)
  if (status === 'canceled' && call.status !== 'ringing')
    throw new RestError(400, 21220, `Call ${call.sid} has been answered and can only be completed.`)
  return { do: 'end', status, by: 'service' }
}

/** TwiML that cannot be read is found out when it is performed, as Twilio does: the request itself succeeds. */
function requestedDocument(twiml: string): Step {
  if (twiml.length > MAX_TWIML_CHARACTERS)
    throw new RestError(400, 21218, `Twiml is longer than ${MAX_TWIML_CHARACTERS} characters.`)
  try {
    return { do: 'perform', verbs: parseTwiml(twiml), base: '' }
  } catch (error) {
    if (error instanceof CallError) return { do: 'apologize', error }
    throw error
  }
}

function changeNumber(number: PhoneNumber, fields: Fields): void {
  const voiceUrl = fields.get('VoiceUrl')
  const fallbackUrl = fields.get('VoiceFallbackUrl')
  const statusCallback = fields.get('StatusCallback')
  const changes = {
    ...(voiceUrl !== null && { voiceUrl: voiceUrl && checkedUrl(voiceUrl, 21502) }),
    ...(fallbackUrl !== null && { voiceFallbackUrl: fallbackUrl && checkedUrl(fallbackUrl, 21502) }),
    ...(statusCallback !== null && { statusCallback: statusCallback && checkedUrl(statusCallback, 21502) }),
    voiceMethod: methodIn(fields, 'VoiceMethod') ?? number.voiceMethod,
    voiceFallbackMethod: methodIn(fields, 'VoiceFallbackMethod') ?? number.voiceFallbackMethod,
    statusCallbackMethod: methodIn(fields, 'StatusCallbackMethod') ?? number.statusCallbackMethod,
  }
  Object.assign(number, changes)
}

function checkedUrl(url: string, code: number): string {
  if (/^https?:$/.test(URL.parse(url)?.protocol ?? '')) return url
  throw new RestError(400, code, `Url is not a valid URL: ${url}`)
}

function methodIn(fields: Fields, name: string): Method | null {
  const method = fields.get(name)
  if (method === null || method === 'GET' || method === 'POST') return method
  throw new RestError(400, 20001, `${name} must be GET or POST, not "${method}".`)
}

function notFound(path: string): RestError {
  return new RestError(404, 20404, `The requested resource ${path} was not found`)
}

function asRestError(error: unknown): RestError {
  if (error instanceof RestError) return error
  if (error instanceof BodyTooLarge) return new RestError(413, 20413, error.message)
  return new RestError(500, 20500, 'The simulated carrier failed; its log says why.')
}

function errorBody({ status, code, message }: RestError) {
  return { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' })
  response.end(JSON.stringify(body))
}
