import type { IncomingMessage } from 'node:http'
import type { Request } from 'express'
import twilio from 'twilio'

/*
 * X-Twilio-Signature: base64 of HMAC-SHA1, keyed with the account's auth token, over the exact URL and the sorted form
 * fields (docs usage/webhooks/webhooks-security). The SDK also tries the URL with and without its default port.
 */

export type SignatureCheck = {
  /** Null when no token is known, which only the skip allows. */
  authToken: string | null
  /** True answers every request as if it were signed; never in production. */
  skip: boolean
  /** The origin that Twilio sees; null takes it from the request. */
  publicUrl: string | null
}

export type SignatureVerdict = 'valid' | 'missing' | 'wrong'

export const originOf = (req: Request, publicUrl: string | null): string =>
  publicUrl ?? `${req.protocol}://${req.get('host')}`

/** Checks a webhook whose form fields are in `req.body`. */
export function checkWebhook(req: Request, { authToken, skip, publicUrl }: SignatureCheck): SignatureVerdict {
  if (skip) return 'valid'
  const signature = req.get('x-twilio-signature')
  if (!signature) return 'missing'
  const url = originOf(req, publicUrl) + req.originalUrl
  return isSigned(authToken, signature, url, formFields(req.body)) ? 'valid' : 'wrong'
}

/**
 * Checks the upgrade of a media stream. Not every Media Streams handshake carries the header, so its absence is no fault:
 * the single-use token decides then. Twilio signs the wss URL, by some reports with a slash at its end.
 */
export function checkUpgrade(
  req: IncomingMessage,
  { authToken, skip, publicUrl }: SignatureCheck,
): SignatureVerdict {
  const signature = req.headers['x-twilio-signature']
  if (skip || signature === undefined) return 'valid'
  const origins = publicUrl ? [publicUrl] : [`https://${req.headers.host}`, `http://${req.headers.host}`]
  const urls = origins.flatMap((origin) => {
    const url = origin.replace(/^http/, 'ws') + req.url
    return [url, `${url}/`]
  })
  return urls.some((url) => isSigned(authToken, `${signature}`, url, {})) ? 'valid' : 'wrong'
}

function isSigned(
  token: string | null,
  signature: string,
  url: string,
  fields: Record<string, string | string[]>,
) {
  return token !== null && twilio.validateRequest(token, signature, url, fields)
}

function formFields(body: unknown): Record<string, string | string[]> {
  return body && typeof body === 'object' ? (body as Record<string, string | string[]>) : {}
}
