import { randomBytes, randomUUID } from 'node:crypto'
import twilio from 'twilio'
import type { Config } from '../config/config.ts'
import { PROBLEM_TYPE } from '../problem/problem.ts'
import { type Check, type Finding, fail, ok, skip, warn } from './finding.ts'
import { unreachableBecause } from './network-failure.ts'
import { openTrialStream } from './trial-stream.ts'

/** Two requests and a socket, each with a limit of its own. */
const LIMIT_MS = 40_000
const REQUEST_LIMIT_MS = 8_000

const NAME = { signed: 'public URL', unsigned: 'public URL, unsigned', stream: 'public URL, stream' }

/** Calls the running service the way Twilio would, through whatever stands before it. */
export function publicUrlCheck(config: Config): Check {
  const { http, twilio: account } = config
  return {
    name: NAME.signed,
    limitMs: LIMIT_MS,
    async *run() {
      if (http.publicUrl === null) yield skip(NAME.signed, 'PUBLIC_URL is not set')
      else if (account.authToken === null)
        yield skip(NAME.signed, 'simulated carrier: without TWILIO_AUTH_TOKEN nothing can be signed')
      else yield* examine(http.publicUrl, account.authToken, account.skipSignatureValidation)
    },
  }
}

async function* examine(origin: string, token: string, skipsSignatures: boolean): AsyncGenerator<Finding> {
  const signed = await post(origin, token)
  yield signedFinding(origin, signed)
  // What answers is not the service, so that nothing more can be learned of it.
  if (!isOurs(signed)) return
  yield unsignedFinding(await post(origin, null), skipsSignatures)
  yield await streamFinding(origin, token)
}

type Answer = { status: number; location: string | null; isProblem: boolean } | { unreachable: string }

/** A status that changes nothing, of a call that nobody has. */
async function post(origin: string, token: string | null): Promise<Answer> {
  const url = `${origin}/webhooks/call-status`
  const fields = { CallSid: `CA${randomBytes(16).toString('hex')}`, CallStatus: 'ringing' }
  const signature: Record<string, string> =
    token === null ? {} : { 'X-Twilio-Signature': twilio.getExpectedTwilioSignature(token, url, fields) }
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: signature,
      body: new URLSearchParams(fields),
      redirect: 'manual',
      signal: AbortSignal.timeout(REQUEST_LIMIT_MS),
    })
    await response.body?.cancel()
    return {
      status: response.status,
      location: response.headers.get('location'),
      isProblem: response.headers.get('content-type')?.startsWith(PROBLEM_TYPE) ?? false,
    }
  } catch (error) {
    return { unreachable: unreachableBecause(error) }
  }
}

/** 204, or a refusal in the form in which the service refuses. */
const isOurs = (answer: Answer): boolean =>
  'status' in answer && (answer.status === 204 || (answer.status === 403 && answer.isProblem))

function signedFinding(origin: string, answer: Answer): Finding {
  if ('unreachable' in answer) {
    return fail(
      NAME.signed,
      `${origin} cannot be reached: ${answer.unreachable}`,
      'start the service, and let PUBLIC_URL, its DNS name and the proxy lead to it (some networks cannot reach their own public address: then run the doctor elsewhere)',
    )
  }
  if (answer.status === 204) return ok(NAME.signed, `${origin} takes a request signed as Twilio does`)
  const found = `${origin}/webhooks/call-status answers ${answer.status} to a signed request`
  return fail(NAME.signed, found, likelyCause(answer))
}

function likelyCause({ status, location, isProblem }: Extract<Answer, { status: number }>): string {
  if (status === 403 && isProblem) {
    return 'the signature was refused: give the running service this PUBLIC_URL and this TWILIO_AUTH_TOKEN and restart it; without PUBLIC_URL its proxy must forward Host and X-Forwarded-Proto, with TRUST_PROXY set'
  }
  if (status >= 300 && status < 400) {
    return `Twilio signs the URL that it calls: set PUBLIC_URL to where this redirects (${location ?? 'not said'})`
  }
  if (status === 401 || status === 403)
    return 'something before the service asks who calls: let /webhooks/, /media-stream/ and /audio/ pass'
  if (status === 404)
    return 'something else answers there: let the proxy forward all paths, unchanged, to HOST and PORT of the service'
  if (status >= 502 && status <= 504) {
    return 'the proxy runs and the service behind it does not answer: `npm start`, and let the proxy lead to its HOST and PORT'
  }
  if (status >= 500) return 'the service fails: its log says why'
  return 'something else answers there: let PUBLIC_URL and the proxy lead to this service'
}

function unsignedFinding(answer: Answer, skipsSignatures: boolean): Finding {
  if ('unreachable' in answer) return fail(NAME.unsigned, `not answered: ${answer.unreachable}`, 'try again')
  if (answer.status === 403) return ok(NAME.unsigned, 'a request without signature is refused')
  const mend = 'set SKIP_WEBHOOK_SIGNATURE_VALIDATION to false and restart the service'
  if (answer.status !== 204) {
    return fail(NAME.unsigned, `answered ${answer.status} and not 403`, 'read the log of the service')
  }
  const verdict = skipsSignatures ? warn : fail
  return verdict(NAME.unsigned, 'taken: anybody can send webhooks in the name of Twilio', mend)
}

const UPGRADE_MEND =
  'let the proxy pass WebSockets on (nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade")'

async function streamFinding(origin: string, token: string): Promise<Finding> {
  const url = `${origin.replace(/^http/, 'ws')}/media-stream/${randomUUID()}`
  const end = await openTrialStream(url, twilio.getExpectedTwilioSignature(token, url, {}))
  switch (end.kind) {
    case 'closed':
      return closedFinding(end.code)
    case 'silent':
      return fail(NAME.stream, 'a stream without a valid token is not closed', 'read the log of the service')
    case 'unreachable':
      return fail(NAME.stream, `no WebSocket to ${origin}: ${end.why}`, UPGRADE_MEND)
    case 'refused':
      return refusedFinding(end.status)
  }
}

/** RFC 6455 §7.4.1: 1008 is a policy violation; 1006 is no close at all. */
function closedFinding(code: number): Finding {
  if (code === 1008) return ok(NAME.stream, 'a WebSocket opens, and is closed without a valid token')
  if (code === 1006) {
    return fail(
      NAME.stream,
      'the WebSocket is cut right after it opened',
      'look for time limits of the proxy',
    )
  }
  return fail(
    NAME.stream,
    `a stream without a valid token is closed with ${code} and not with 1008`,
    'read the log of the service',
  )
}

function refusedFinding(status: number): Finding {
  const found = `a WebSocket upgrade gets ${status} and not 101`
  if (status === 403) {
    return fail(
      NAME.stream,
      found,
      'the signature was refused: give the running service this PUBLIC_URL and this TWILIO_AUTH_TOKEN and restart it',
    )
  }
  if (status === 503) return fail(NAME.stream, found, 'the service is going down or full: try again')
  return fail(NAME.stream, found, UPGRADE_MEND)
}
