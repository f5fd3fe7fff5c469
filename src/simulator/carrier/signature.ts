import { createHmac } from 'node:crypto'

/**
 * The X-Twilio-Signature of a request: base64 of HMAC-SHA1, keyed with the account's auth token, over the exact URL
 * followed by each form field's name and value, sorted by name. A GET and a WebSocket's upgrade have no fields.
 * Source: twilio.com/docs/usage/webhooks/webhooks-security
 */
export function twilioSignature(authToken: string, url: string, fields: Record<string, string> = {}): string {
  const signed = Object.keys(fields)
    .sort()
    .reduce((text, name) => text + name + fields[name], url)
  return createHmac('sha1', authToken).update(signed, 'utf8').digest('base64')
}
