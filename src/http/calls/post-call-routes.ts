import { type Request, type RequestHandler, type Response, Router } from 'express'
import { HttpProblem } from '../../problem/problem.ts'
import { bodyProgress } from '../body-deadline.ts'
import { uploadSlots } from '../upload-slots.ts'

/** What became of a delivery. */
export type PostCallOutcome =
  /** It is kept, now or since an earlier delivery. */
  | { kind: 'kept' }
  /** Authentic, and of a kind that nothing is kept of. */
  | { kind: 'ignored' }
  /** The signature is missing, wrong or too old. */
  | { kind: 'refused'; why: string }
  /** Authentic, and not what the vendor documents. */
  | { kind: 'malformed'; why: string }

/** Checks the signature over the raw body as it comes in, reads it and keeps it once. */
export type ReceivePostCall = (body: AsyncIterable<Buffer>, signature: string) => Promise<PostCallOutcome>

/** The audio of an hour as MP3 in base64 is tens of megabytes. */
const MAX_REPORT_BYTES = 64 * 1024 * 1024
/** Each may take a file of that size before its signature can be checked. */
const SLOTS = { ofOneAddress: 4, ofAll: 16 }

/**
 * ElevenLabs' report after a conversation, to be mounted at `/webhook`. Deliveries may repeat and come in any order.
 * `receive` is null without ELEVENLABS_WEBHOOK_SECRET.
 */
export function postCallRoutes(receive: ReceivePostCall | null): Router {
  const router = Router()
  const guards = [requireSignature, refuseCompressed, uploadSlots(SLOTS), bodyProgress]
  router.post('/elevenlabs/postcall', ...guards, async (req, res) => {
    if (!receive) throw notConfigured()
    const outcome = await receive(atMost(MAX_REPORT_BYTES, req), signatureOf(req))
    if (outcome.kind === 'refused') throw new HttpProblem(403, `The signature is refused: ${outcome.why}.`)
    if (outcome.kind === 'malformed') throw new HttpProblem(400, `The report is malformed: ${outcome.why}.`)
    res.status(200).json({ received: true })
  })
  return router

  /** Before the body is read: who shows no signature sends nothing that we want. */
  function requireSignature(req: Request, _res: Response, next: () => void): void {
    if (!receive) throw notConfigured()
    if (signatureOf(req) === '') throw new HttpProblem(403, 'The ElevenLabs-Signature header is missing.')
    next()
  }
}

/** A hundred bytes may inflate to 64 MB, before anybody knows whose they are; the vendor compresses nothing. */
const refuseCompressed: RequestHandler = (req, _res, next) => {
  const coding = req.get('content-encoding') ?? 'identity'
  if (coding.toLowerCase() !== 'identity')
    throw new HttpProblem(415, 'The report must come uncompressed, without Content-Encoding.')
  next()
}

async function* atMost(limit: number, req: Request): AsyncGenerator<Buffer> {
  const tooLarge = () =>
    new HttpProblem(413, `The report is larger than ${limit} bytes.`, { headers: { Connection: 'close' } })
  if (Number(req.get('content-length') ?? 0) > limit) throw tooLarge()
  let bytes = 0
  // Who has sent too much is still to read the answer.
  for await (const chunk of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > limit) throw tooLarge()
    yield chunk
  }
}

const signatureOf = (req: Request) => req.get('elevenlabs-signature') ?? ''

const notConfigured = () =>
  new HttpProblem(503, 'Set ELEVENLABS_WEBHOOK_SECRET to the secret of the post-call webhook.')
