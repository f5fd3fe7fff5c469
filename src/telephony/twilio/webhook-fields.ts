import type { Request } from 'express'
import type { LegEndStatus } from '../../../machines/call-events.ts'
import type { CallerVerification } from '../../calls/caller-trust.ts'
import { verificationBy } from '../../numbers/verstat.ts'

/*
 * What a webhook of Twilio's says, whichever method it comes by: a form, or the query where the number is set to GET
 * (docs voice/twiml, "Twilio's request to your application"). A field that comes twice is none: Twilio sends each once.
 */

/** Final call statuses (docs voice/api/call-resource); the others only say that the call is on its way. */
const FINAL_STATUSES: readonly string[] = [
  'completed',
  'busy',
  'no-answer',
  'failed',
  'canceled',
] satisfies LegEndStatus[]
const OTHER_STATUSES: readonly string[] = ['queued', 'initiated', 'ringing', 'answered', 'in-progress']

/** The database keeps 255 letters of an address. */
const MAX_ADDRESS = 255
/** The names that Twilio gives its parameters; those of our own URLs begin small. */
const TWILIOS_OWN = /^[A-Z]/

export function field(req: Request, name: string): string | null {
  const fields: Record<string, unknown> | undefined = req.method === 'GET' ? req.query : req.body
  const value = fields?.[name]
  return typeof value === 'string' && value !== '' ? value : null
}

export function callSidOf(req: Request): string | null {
  const sid = field(req, 'CallSid')
  return sid && /^[A-Za-z0-9]{1,64}$/.test(sid) ? sid : null
}

/** Withheld numbers arrive as words, as nothing or not at all, and SIP callers as URIs of any length: none costs the call. */
export const partyOf = (req: Request, name: 'From' | 'To'): string =>
  (field(req, name) ?? '').toWellFormed().replaceAll('\0', '').slice(0, MAX_ADDRESS)

/**
 * How far Twilio vouches for `From`. `StirVerstat` comes with calls whose caller's network signed the number. A phone at a SIP domain
 * of the account says by itself who it is (docs voice/api/sip-interface).
 */
export function verificationIn(req: Request): CallerVerification {
  const isOfSipDomain = field(req, 'SipDomain') !== null || /^sips?:/i.test(partyOf(req, 'From'))
  return isOfSipDomain ? 'unverified' : verificationBy(field(req, 'StirVerstat'))
}

export const isStatus = (status: string | null): boolean =>
  [...FINAL_STATUSES, ...OTHER_STATUSES].includes(status ?? '')

/** How the call has ended, by any webhook's word; null while it lives. */
export function endOf(req: Request): { status: LegEndStatus; durationSeconds?: number } | null {
  const status = field(req, 'CallStatus')
  if (!FINAL_STATUSES.includes(status ?? '')) return null
  const seconds = /^\d{1,9}$/.exec(field(req, 'CallDuration') ?? '')?.[0]
  return {
    status: status as LegEndStatus,
    ...(seconds !== undefined && { durationSeconds: Number(seconds) }),
  }
}

/** The number of a bridge, from the URL that we gave; a URL configured by hand does not say it. */
export function numberIn<Name extends string>(req: Request, name: Name): { [Key in Name]?: number } {
  const value = Number(req.query[name])
  return Number.isInteger(value) && value > 0 ? ({ [name]: value } as { [Key in Name]: number }) : {}
}

/** The leg that a URL of ours was given for; one that was configured by hand, or given by the release before, names none. */
export function legIn(req: Request): { leg?: string } {
  const { leg } = req.query
  return typeof leg === 'string' ? { leg } : {}
}

/** The bridge whose stream has ended; the release before called its number `attempt` in the URLs that it gave. */
export const endedBridge = (req: Request): { bridgeNumber?: number } => {
  const { attempt: bridgeNumber } = numberIn(req, 'attempt')
  return { ...(bridgeNumber !== undefined && { bridgeNumber }), ...numberIn(req, 'bridgeNumber') }
}

/** Twilio repeats a delivery with the same token. */
export function deliveryId(req: Request): string | undefined {
  const token = req.get('i-twilio-idempotency-token')
  return token && token.length <= MAX_ADDRESS - 10 ? `twilio:${token}` : undefined
}

/** The same webhook once more, as a POST: what Twilio itself put into a query comes anew with it. */
export function pollUrl(req: Request, origin: string, waits: number): URL {
  const again = new URL(req.originalUrl, origin)
  for (const name of [...again.searchParams.keys()])
    if (TWILIOS_OWN.test(name)) again.searchParams.delete(name)
  again.searchParams.set('waits', String(waits))
  return again
}
