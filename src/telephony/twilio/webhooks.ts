import express, { type Request, type Response, Router } from 'express'
import type { Logger } from 'pino'
import type { CallEvent } from '../../../machines/call-events.ts'
import { nextInstructions } from '../../../machines/instructions.ts'
import { AnswerPending } from '../../calls/ports.ts'
import { HttpProblem, sendProblem } from '../../problem/problem.ts'
import { withTimeout } from '../../runtime/with-timeout.ts'
import type { CarrierCall, CarrierCalls } from '../calls-port.ts'
import { checkWebhook, originOf, type SignatureCheck } from './signature.ts'
import { apologyTwiml, goodbyeTwiml, type HoldMusic, renderTwiml, waitTwiml } from './twiml.ts'
import {
  callSidOf,
  deliveryId,
  endedBridge,
  endOf,
  field,
  isStatus,
  legIn,
  numberIn,
  partyOf,
  pollUrl,
  verificationIn,
} from './webhook-fields.ts'

/** Twilio's forms are a few kilobytes; nothing honest comes near this. */
const MAX_FORM = '64kb'
/** Longer than this nobody hears a phone ring because of a database: hold, and the same question again. */
const ANSWER_WITHIN_MS = 1_000
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

type Handler = (req: Request, res: Response) => Promise<void> | void

/** Twilio's webhooks. They wait for the database and for nothing else. */
export function twilioWebhooks(options: WebhookOptions): Router {
  const { calls, signature, onRejected, log } = options
  /** Questions that the database has not answered yet: whoever asks the same again waits for the same answer. */
  const asked = new Map<string, Promise<CarrierCall | null>>()
  const router = Router()
  router.use(express.urlencoded({ extended: false, limit: MAX_FORM }), (req, res, next) => {
    const verdict = checkWebhook(req, signature)
    if (verdict === 'valid') return next()
    onRejected(`signature_${verdict}`)
    const detail = `The X-Twilio-Signature header is ${verdict}. Is PUBLIC_URL the URL that Twilio calls?`
    sendProblem(res, new HttpProblem(403, detail))
  })
  take('/inbound', asks(open))
  take(
    '/status-callback',
    asks((req, callSid) =>
      ask(req, callSid, { type: 'leg.instructionsRequested', ...legIn(req), ...numberIn(req, 'leaves') }),
    ),
  )
  take(
    '/stream-ended',
    asks((req, callSid) =>
      ask(req, callSid, { type: 'leg.streamEnded', ...legIn(req), ...endedBridge(req) }),
    ),
  )
  take('/call-status', callStatus)
  // Asked for by nothing here: an account that is set up to tell of answering machines and recordings is heard out.
  for (const path of ['/amd', '/recording']) take(path, (_req, res) => void res.sendStatus(204))
  return router

  /** By POST, or by GET where the account is set so. */
  function take(path: string, handler: Handler): void {
    router.route(path).head(refuseMethod).get(handler).post(handler).all(refuseMethod)
  }

  function refuseMethod(req: Request, res: Response): void {
    onRejected('wrong_method')
    log.warn({ method: req.method, path: req.path }, 'a webhook came by a method that Twilio does not use')
    const headers = { Allow: 'GET, POST' }
    sendProblem(res, new HttpProblem(405, 'Twilio asks by POST, or by GET.', { headers }))
  }

  /** A webhook by which the leg asks what comes next. */
  function asks(question: (req: Request, callSid: string) => Promise<CarrierCall | null>): Handler {
    return async (req, res) => {
      const callSid = callSidOf(req)
      if (!callSid) return refuse(res, 'malformed_webhook')
      // Whoever has hung up hears nothing more, and is never put back to where a caller is.
      if (await isOver(req, callSid)) return twiml(res, goodbyeTwiml())
      if (options.isLeaving()) return keepWaiting(req, res, { forMs: UNTIL_THE_NEXT_MS })
      await answerWith(req, res, question(req, callSid))
    }
  }

  function open(req: Request, callSid: string): Promise<CarrierCall | null> {
    const [from, to] = [partyOf(req, 'From'), partyOf(req, 'To')]
    const publicOrigin = originOf(req, signature.publicUrl)
    const verification = verificationIn(req)
    return once(`open ${callSid}`, () =>
      calls.open({ providerCallId: callSid, from, to, verification, publicOrigin }),
    )
  }

  function ask(req: Request, callSid: string, event: CallEvent): Promise<CarrierCall | null> {
    const key = `${JSON.stringify(event)} ${callSid}`
    return once(key, () => calls.tell(callSid, event, deliveryId(req)))
  }

  function once(key: string, begin: () => Promise<CarrierCall | null>): Promise<CarrierCall | null> {
    const known = asked.get(key)
    if (known) return known
    const answer = begin().finally(() => asked.delete(key))
    asked.set(key, answer)
    return answer
  }

  /** Answers with what the call says. While that cannot be known, the caller is kept and the leg asks the same again. */
  async function answerWith(
    req: Request,
    res: Response,
    question: Promise<CarrierCall | null>,
  ): Promise<void> {
    try {
      const call = await withTimeout(ANSWER_WITHIN_MS, question, 'The call was not read in time.')
      if (call) answer(req, res, call)
      else refuse(res, 'unknown_call')
    } catch (error) {
      const isPending = error instanceof AnswerPending
      log[isPending ? 'info' : 'error']({ err: error, path: req.path }, 'a call could not be asked')
      keepWaiting(req, res, { isPending })
    }
  }

  /** Who waits for another process has its word that it lives, and is not given up. */
  function keepWaiting(req: Request, res: Response, { forMs = 0, isPending = false } = {}): void {
    const waits = waitsOf(req)
    if (waits === null || (waits >= MAX_WAITS && !isPending)) {
      refuse(res, 'call_unreachable')
      return
    }
    const origin = originOf(req, signature.publicUrl)
    const again = pollUrl(req, origin, isPending ? waits : waits + 1)
    const greeting = waits === 0 && req.path === '/inbound' ? options.greeting() : null
    twiml(res, waitTwiml(again.href, { from: waits, forMs }, { origin, hold: options.hold, greeting }))
  }

  /** Whether Twilio says that the call is over; its call is told so, now or later. */
  async function isOver(req: Request, callSid: string): Promise<boolean> {
    const end = endOf(req)
    if (end) await report(callSid, { type: 'leg.ended', ...end }, `status:${end.status}`)
    return end !== null
  }

  async function callStatus(req: Request, res: Response): Promise<void> {
    const callSid = callSidOf(req)
    if (!callSid || !isStatus(field(req, 'CallStatus'))) {
      onRejected('malformed_webhook')
      const detail = 'This is no call status: CallSid and CallStatus must be as Twilio sends them.'
      return sendProblem(res, new HttpProblem(400, detail))
    }
    await isOver(req, callSid)
    res.sendStatus(204)
  }

  /** Twilio does not repeat it. It is kept from now on, so that the answer need not wait for a database that is away. */
  async function report(callSid: string, event: CallEvent, eventId: string): Promise<void> {
    const { tried, outcome } = calls.report(callSid, event, eventId)
    void outcome.then((became) => became === 'unknown' && onRejected('unknown_call'))
    await withTimeout(ANSWER_WITHIN_MS, tried, '').catch(() => {})
  }

  /** URLs are built on the origin of this very request: the node that took the call may be gone. */
  function answer(req: Request, res: Response, { view, ...call }: CarrierCall): void {
    const { hold } = options
    const origin = originOf(req, signature.publicUrl)
    const context = { ...call, origin, greeting: options.greeting(), hold }
    // Who was greeted while the call could not be written down is not greeted again.
    const isGreeted = req.path === '/inbound' && (waitsOf(req) ?? 0) > 0
    const instructions = nextInstructions(view).filter(
      ({ do: what }) => !isGreeted || what !== 'play-greeting',
    )
    twiml(res, renderTwiml(instructions, context))
  }

  /** An authentic webhook that we can make nothing of: somebody may be on the phone, so they hear an apology. */
  function refuse(res: Response, reason: string): void {
    onRejected(reason)
    log.warn({ reason }, 'a webhook was answered with an apology')
    twiml(res, apologyTwiml())
  }
}

/** How often the leg was told to ask once more; null for what we never said. */
function waitsOf(req: Request): number | null {
  const waits = Number(req.query.waits ?? 0)
  return Number.isInteger(waits) && waits >= 0 ? waits : null
}

function twiml(res: Response, xml: string): void {
  res.status(200).type('text/xml').send(xml)
}
