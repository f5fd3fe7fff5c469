import express, { type Request, type RequestHandler, type Response, Router } from 'express'
import type { PostCallPart } from '../persistence/conversation-store.ts'
import { HttpProblem } from './problem.ts'

/** What the vendor's adapter makes of a delivery. */
export type PostCallDelivery =
  | { kind: 'report'; part: PostCallPart }
  /** Authentic, and of a kind that nothing is kept of. */
  | { kind: 'ignored' }
  /** The signature is missing, wrong or too old. */
  | { kind: 'refused'; why: string }
  /** Authentic, and not what the vendor documents. */
  | { kind: 'malformed'; why: string }

export type PostCallOptions = {
  /** Checks the signature over the raw body and reads it; null without ELEVENLABS_WEBHOOK_SECRET. */
  open: ((rawBody: Buffer, signature: string) => PostCallDelivery | Promise<PostCallDelivery>) | null
  /** Keeps a part once; resolves with false when it was there already. */
  keep: (part: PostCallPart) => Promise<boolean>
}

/** The audio of an hour as MP3 in base64 is tens of megabytes. */
const MAX_REPORT = '64mb'
/** Each may take that much memory before its signature can be checked. */
const MAX_AT_ONCE = 8

/** ElevenLabs' report after a conversation, to be mounted at `/webhook`. Deliveries may repeat and come in any order. */
export function postCallRoutes({ open, keep }: PostCallOptions): Router {
  const router = Router()
  const readBody = [atMost(MAX_AT_ONCE), express.raw({ type: () => true, limit: MAX_REPORT })]

  router.post('/elevenlabs/postcall', requireSignature, ...readBody, async (req, res) => {
    if (!open) throw notConfigured()
    const body: unknown = req.body
    const delivery = await open(Buffer.isBuffer(body) ? body : Buffer.alloc(0), signatureOf(req))
    if (delivery.kind === 'refused') throw new HttpProblem(403, `The signature is refused: ${delivery.why}.`)
    if (delivery.kind === 'malformed') throw new HttpProblem(400, `The report is malformed: ${delivery.why}.`)
    if (delivery.kind === 'report') await keep(delivery.part)
    res.status(200).json({ received: true })
  })
  return router

  /** Before the body is read: who shows no signature sends nothing that we want. */
  function requireSignature(req: Request, _res: Response, next: () => void): void {
    if (!open) throw notConfigured()
    if (signatureOf(req) === '') throw new HttpProblem(403, 'The ElevenLabs-Signature header is missing.')
    next()
  }
}

const signatureOf = (req: Request) => req.get('elevenlabs-signature') ?? ''

const notConfigured = () =>
  new HttpProblem(503, 'Set ELEVENLABS_WEBHOOK_SECRET to the secret of the post-call webhook.')

function atMost(limit: number): RequestHandler {
  let open = 0
  return (_req, res, next) => {
    if (open >= limit) {
      throw new HttpProblem(503, 'Too many reports arrive at once.', { headers: { 'Retry-After': '10' } })
    }
    open++
    res.once('close', () => open--)
    next()
  }
}
