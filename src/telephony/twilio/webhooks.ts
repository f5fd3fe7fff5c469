import { setTimeout as sleep } from 'node:timers/promises'
import express, { type Request, type Response, Router } from 'express'
import type { Logger } from 'pino'
import type { CallEvent, LegEndStatus } from '../../../machines/call-events.ts'
import { legInstructions } from '../../../machines/instructions.ts'
import type { CarrierCall, CarrierCalls } from '../../calls/ports.ts'
import { within } from '../../within.ts'
import { checkWebhook, originOf, type SignatureCheck } from './signature.ts'
import { apologyTwiml, type HoldMusic, renderTwiml, waitTwiml } from './twiml.ts'

/** Twilio's forms are a few kilobytes; nothing honest comes near this. */
const MAX_FORM = '64kb'
/** Twilio gives a webhook up after 15 s and plays an error of its own. */
const ANSWER_WITHIN_MS = 10_000
/** Who hangs up while they are still being answered may be reported before their call has begun here. */
const OVERTAKEN_MS = 1_000
/** How often a leg is told to ask once more while its call cannot be asked; half a minute of hold as it is set by default. */
const MAX_WAITS = 15
/** A process that is started again takes calls within this time. */
const UNTIL_THE_NEXT_MS = 5_000

export type WebhookOptions = {
  calls: CarrierCalls
  signature: SignatureCheck
  /** The greeting as a path of ours once it is rendered, and as text until then. */
  greeting: () => { path: string | null; text: string }
  hold: HoldMusic
  /** Whether this process is about to go, so that a leg has to ask whoever comes after it. */
  isLeaving: () => boolean
  /** Counts a request that was refused or made no sense. */
  onRejected: (reason: string) => void
  log: Logger
}

/** Final call statuses (docs voice/api/call-resource); the others only say that the call is on its way. */
const FINAL_STATUSES: readonly string[] = ['completed', 'busy', 'no-answer', 'failed', 'canceled']
const OTHER_STATUSES: readonly string[] = ['queued', 'initiated', 'ringing', 'answered', 'in-progress']

/** Twilio's webhooks. They wait for the database and for nothing else. */
export function twilioWebhooks(options: WebhookOptions): Router {
  const { calls, signature, onRejected, log } = options
  const router = Router()
  router.use(express.urlencoded({ extended: false, limit: MAX_FORM }), (req, res, next) => {
    const verdict = checkWebhook(req, signature)
    if (verdict === 'valid') return next()
    onRejected(`signature_${verdict}`)
    problem(
      res,
      403,
      'Signature check failed',
      `The X-Twilio-Signature header is ${verdict}. Is PUBLIC_URL the URL that Twilio calls?`,
    )
  })

  router.post(['/inbound', '/status-callback', '/stream-ended'], (req, res, next) => {
    if (options.isLeaving()) keepWaiting(req, res, UNTIL_THE_NEXT_MS)
    else next()
  })

  router.post('/inbound', async (req, res) => {
    const { callSid, from, to } = callFields(req)
    if (!callSid || from === null || to === null) return refuse(res, 'malformed_webhook')
    const publicOrigin = originOf(req, signature.publicUrl)
    await answerWith(req, res, calls.open({ providerCallId: callSid, from, to, publicOrigin }))
  })
  router.post(
    '/status-callback',
    asks(() => ({ type: 'leg.asked' })),
  )
  router.post(
    '/stream-ended',
    asks((req) => ({ type: 'leg.streamEnded', ...bridgeOf(req) })),
  )
  router.post('/call-status', async (req, res) => {
    const { callSid } = callFields(req)
    const status = field(req, 'CallStatus')
    if (!callSid || ![...FINAL_STATUSES, ...OTHER_STATUSES].includes(status ?? '')) {
      onRejected('malformed_webhook')
      return problem(res, 400, 'Not a call status', 'CallSid and CallStatus must be as Twilio sends them.')
    }
    if (FINAL_STATUSES.includes(status ?? '')) await endCall(req, callSid, status as LegEndStatus)
    res.sendStatus(204)
  })
  // Asked for by nothing here: an account that is set up to tell of answering machines and recordings is heard out.
  router.post(['/amd', '/recording'], (_req, res) => {
    res.sendStatus(204)
  })
  return router

  /** A webhook by which the leg asks what comes next. */
  function asks(eventOf: (req: Request) => CallEvent) {
    return async (req: Request, res: Response) => {
      const { callSid } = callFields(req)
      if (!callSid) return refuse(res, 'malformed_webhook')
      await answerWith(req, res, calls.tell(callSid, eventOf(req), deliveryId(req)))
    }
  }

  /** Answers with what the call says. While that cannot be known, the caller is kept and the leg asks the same again. */
  async function answerWith(req: Request, res: Response, asked: Promise<CarrierCall | null>): Promise<void> {
    try {
      const call = await within(ANSWER_WITHIN_MS, asked, 'The call was not read in time.')
      if (call) answer(req, res, call)
      else refuse(res, 'unknown_call')
    } catch (error) {
      log.error({ err: error, path: req.path }, 'a call could not be asked')
      keepWaiting(req, res)
    }
  }

  function keepWaiting(req: Request, res: Response, forMs = 0): void {
    const waits = Number(req.query.waits ?? 0)
    if (!Number.isInteger(waits) || waits < 0 || waits >= MAX_WAITS) {
      refuse(res, 'call_unreachable')
      return
    }
    const origin = originOf(req, signature.publicUrl)
    const again = new URL(req.originalUrl, origin)
    again.searchParams.set('waits', String(waits + 1))
    twiml(res, waitTwiml(again.href, { from: waits, forMs }, { origin, hold: options.hold }))
  }

  async function endCall(req: Request, callSid: string, status: LegEndStatus): Promise<void> {
    const seconds = /^\d{1,9}$/.exec(field(req, 'CallDuration') ?? '')?.[0]
    const event: CallEvent = {
      type: 'leg.ended',
      status,
      ...(seconds !== undefined && { durationSeconds: Number(seconds) }),
    }
    const end = () => calls.tell(callSid, event, `status:${status}`)
    const call = (await end()) ?? (await sleep(OVERTAKEN_MS).then(end))
    if (!call) onRejected('unknown_call')
  }

  /** URLs are built on the origin of this very request: the node that took the call may be gone. */
  function answer(req: Request, res: Response, { callId, view, tokenOf }: CarrierCall): void {
    const { hold } = options
    const origin = originOf(req, signature.publicUrl)
    const context = { callId, origin, tokenOf, greeting: options.greeting(), hold }
    twiml(res, renderTwiml(legInstructions(view), context))
  }

  /** An authentic webhook that we can make nothing of: somebody may be on the phone, so they hear an apology. */
  function refuse(res: Response, reason: string): void {
    onRejected(reason)
    log.warn({ reason }, 'a webhook was answered with an apology')
    twiml(res, apologyTwiml())
  }
}

function twiml(res: Response, xml: string): void {
  res.status(200).type('text/xml').send(xml)
}

function problem(res: Response, status: number, title: string, detail: string): void {
  res
    .status(status)
    .type('application/problem+json')
    .send(JSON.stringify({ type: 'about:blank', title, status, detail }))
}

/** Withheld numbers arrive as words and SIP callers as URIs, so these are only held to a length. */
function callFields(req: Request): { callSid: string | null; from: string | null; to: string | null } {
  const sid = field(req, 'CallSid')
  return {
    callSid: sid && /^[A-Za-z0-9]{1,64}$/.test(sid) ? sid : null,
    from: bounded(field(req, 'From')),
    to: bounded(field(req, 'To')),
  }
}

const MAX_ADDRESS = 255
/** PostgreSQL keeps no NUL, and no carrier sends one. */
const bounded = (value: string | null): string | null =>
  value !== null && value.length <= MAX_ADDRESS && !value.includes('\0') ? value : null

function field(req: Request, name: string): string | null {
  const value: unknown = req.body?.[name]
  return typeof value === 'string' && value !== '' ? value : null
}

/** Which bridge ended, from the action URL that we gave; a URL configured by hand does not say it. */
function bridgeOf(req: Request): { attempt?: number } {
  const attempt = Number(req.query.attempt)
  return Number.isInteger(attempt) && attempt > 0 ? { attempt } : {}
}

/** Twilio repeats a delivery with the same token. */
function deliveryId(req: Request): string | undefined {
  const token = req.get('i-twilio-idempotency-token')
  return token && token.length <= MAX_ADDRESS - 10 ? `twilio:${token}` : undefined
}
