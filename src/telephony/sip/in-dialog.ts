import type { Logger } from 'pino'
import type { SipDialog, SipRequest, SipResponse } from './drachtio.ts'
import { UnusableOffer } from './offer.ts'
import { inSessionOf } from './sdp-origin.ts'
import type { SipLeg } from './sip-leg.ts'

/** What comes within a call: other media, keys, questions, and the wish to be put through. */
export function handleInDialog(leg: SipLeg, dialog: SipDialog, { log }: { log: Logger }): void {
  let awaitsOffer = !dialog.req.body
  dialog.on('modify', async (req, res) => {
    awaitsOffer = !req.body
    await answerOffer(leg, dialog, { req, res, log })
  })
  // An UPDATE (RFC 3311) changes the session as a re-INVITE does, or refreshes its timer.
  dialog.on('update', async (req, res) => {
    if (req.body) await answerOffer(leg, dialog, { req, res, log })
    else res.send(200)
  })
  // Whoever made no offer answers ours with the ACK (RFC 3261 §13.2.1).
  dialog.on('ack', ({ body }) => {
    if (!awaitsOffer || !body) return
    awaitsOffer = false
    const answered = leg.media.modify(body).then(() => leg.agreed(body))
    answered.catch((error: unknown) => {
      log.warn({ err: error }, 'an answer that came with the ACK cannot be used')
      void leg.end('failed')
    })
  })
  dialog.on('info', (req, res) => {
    const digit = digitOf(req)
    res.send(digit || !req.body ? 200 : 415)
    if (digit) leg.press(digit)
  })
  dialog.on('options', (_req, res) => res.send(200))
  dialog.on('refer', (req, res) => void leg.transfers.request(req, res))
}

/** Hold, resume, another codec or address: FreeSWITCH knows what to answer. Without an offer, ours is repeated. */
async function answerOffer(
  leg: SipLeg,
  dialog: SipDialog,
  { req, res, log }: { req: SipRequest; res: SipResponse; log: Logger },
): Promise<void> {
  const { media } = leg
  // The media is somebody else's, or soon may be: it is asked for again after a moment (§14.1), or the dialog is over by then.
  if (dialog !== leg.dialog || leg.transfers.isReplacing) return res.send(491)
  try {
    const sdp = inSessionOf(dialog.local.sdp, req.body ? await media.modify(req.body) : media.sdp)
    dialog.local.sdp = sdp
    res.send(200, { body: sdp })
    if (req.body) leg.agreed(req.body)
  } catch (error) {
    // The session goes on as it was (RFC 3261 §14.2).
    log.warn({ err: error }, 'a re-INVITE cannot be followed')
    if (error instanceof UnusableOffer) res.send(error.status, { headers: error.headers })
    else res.send(488)
  }
}

/** The two forms in which phones send keys by INFO; both have one key a request. */
function digitOf(req: SipRequest): string | null {
  const type = (req.get('content-type') ?? '').toLowerCase()
  const body = req.body ?? ''
  if (type.startsWith('application/dtmf-relay'))
    return /^[ \t]*signal[ \t]*=[ \t]*([0-9A-D*#])/im.exec(body)?.[1] ?? null
  if (type.startsWith('application/dtmf')) return /^\s*([0-9A-D*#])/i.exec(body)?.[1] ?? null
  return null
}
