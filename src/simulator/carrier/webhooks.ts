import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { CallError } from './call-error.ts'
import type { CarrierFaults } from './faults.ts'
import { BodyTooLarge, exchange, type HttpAnswer } from './http-client.ts'
import { twilioSignature } from './signature.ts'
import type { Timeline } from './timeline.ts'

export type Method = 'GET' | 'POST'
export type Webhook = { url: string; method: Method; fields: Record<string, string> }
export type WebhookAnswer = { status: number; contentType: string; body: string }

/** The whole exchange, with its retry; Twilio's own ceiling. */
const WEBHOOK_TIMEOUT_MS = 15_000
/** Twilio takes no TwiML document larger than 64 kB (error 11750). */
const MAX_ANSWER_BYTES = 64 * 1024
const RETRY_AFTER_MS = 100
/** The request cannot have reached anybody. Only these are retried, once; an HTTP error or a slow answer never is. */
const CONNECT_FAILURES = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH'])

/** Sends signed, form-encoded requests to the service, as Twilio does. */
export class WebhookSender {
  readonly #authToken: string
  readonly #faults: CarrierFaults
  readonly #stopped: AbortSignal

  constructor(options: { authToken: string; faults: CarrierFaults; stopped: AbortSignal }) {
    this.#authToken = options.authToken
    this.#faults = options.faults
    this.#stopped = options.stopped
  }

  /** Delivers a webhook and resolves with its answer, whatever its HTTP status. Rejects with CallError. */
  async send(webhook: Webhook, timeline: Timeline): Promise<WebhookAnswer> {
    const token = randomUUID()
    const lost = this.#faults.takeLostResponse()
    if (lost) await this.#deliver(webhook, token, timeline, true)
    const [answer] = await Promise.all([
      this.#deliver(webhook, token, timeline),
      this.#faults.repeatWebhooks && this.#deliver(webhook, token, timeline, true).catch(() => {}),
    ])
    return answer
  }

  async #deliver(webhook: Webhook, token: string, timeline: Timeline, lost = false): Promise<WebhookAnswer> {
    const { method, fields } = webhook
    const url = requestedUrl(webhook)
    timeline.add({ type: 'webhook-sent', url, method, status: fields.CallStatus ?? '', token })
    const began = performance.now()
    const { status, headers, body } = await this.#exchange(webhook, url, token)
    timeline.add({ type: 'webhook-answered', url, status, ms: performance.now() - began, lost })
    return { status, contentType: headers['content-type'] ?? '', body: body.toString('utf8') }
  }

  async #exchange({ method, fields }: Webhook, url: string, token: string): Promise<HttpAnswer> {
    const form = method === 'POST' ? fields : undefined
    const request = {
      url,
      method,
      headers: {
        'X-Twilio-Signature': twilioSignature(this.#authToken, url, form),
        'I-Twilio-Idempotency-Token': token,
        'User-Agent': 'TwilioProxy/1.1',
        Accept: '*/*',
        ...(form && { 'Content-Type': 'application/x-www-form-urlencoded; charset=UTF-8' }),
      },
      body: form && new URLSearchParams(form).toString(),
      signal: AbortSignal.any([this.#stopped, AbortSignal.timeout(WEBHOOK_TIMEOUT_MS)]),
      maxBytes: MAX_ANSWER_BYTES,
    }
    try {
      return await exchange(request).catch(async (error) => {
        if (!CONNECT_FAILURES.has(error.code)) throw error
        await wait(RETRY_AFTER_MS, null, { signal: request.signal })
        return await exchange(request)
      })
    } catch (error) {
      throw webhookError(url, error)
    }
  }
}

/** The URL as it goes over the wire: fields of a GET in its query, and never a fragment, which is Twilio's own note. */
function requestedUrl({ url, method, fields }: Webhook): string {
  const bare = url.replace(/#.*$/, '')
  if (method === 'POST') return bare
  return `${bare}${bare.includes('?') ? '&' : '?'}${new URLSearchParams(fields)}`
}

function webhookError(url: string, error: unknown): CallError {
  const { code, message } = error as NodeJS.ErrnoException
  if (error instanceof BodyTooLarge) return new CallError(11750, `${url}: ${message}`, { cause: error })
  if (code === 'ENOTFOUND') return new CallError(11210, `${url}: no such host.`, { cause: error })
  const detail = code === 'ABORT_ERR' ? `no answer within ${WEBHOOK_TIMEOUT_MS / 1000} s` : message
  return new CallError(11205, `${url}: ${detail}`, { cause: error })
}
