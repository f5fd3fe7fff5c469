import type { NoPlace } from '../../calls/trunk-ports.ts'
import type { SipHeaders, SipRequest } from './drachtio.ts'
import { LONGEST_SESSION } from './offer.ts'

/** How a request is turned away, and as what it is counted. */
export type Refused = { status: number; reason: string; headers?: SipHeaders }

/** When a trunk that was refused for now may come again, in seconds. */
export const RETRY_AFTER = { 'Retry-After': '5' }

/** Another way to us may have room, and this one soon. */
export const FULL_TRUNK: Record<NoPlace, Refused> = {
  calls: { status: 503, reason: 'sip_trunk_full', headers: RETRY_AFTER },
  rate: { status: 503, reason: 'sip_trunk_rate', headers: { 'Retry-After': '1' } },
  gone: { status: 403, reason: 'sip_forbidden' },
}
export const MALFORMED: Refused = { status: 400, reason: 'sip_malformed' }
export const UNANSWERABLE: Refused = { status: 500, reason: 'sip_unanswerable' }
export const UNAVAILABLE: Refused = { status: 503, reason: 'sip_unavailable', headers: RETRY_AFTER }

/** The database keeps 255 letters of what a call is known by; phones make some forty. */
const MAX_CALL_ID = 200

/** What a caller may demand of us: we send no answer that would have to be reliable, and drachtio-server keeps the timer. */
const SUPPORTED = new Set(['100rel', 'timer'])

/** Empty when a request has no Call-ID. */
export const callIdOf = (req: SipRequest): string => req.get('call-id') ?? ''

/** What makes an INVITE one that nobody could take, whoever sends it; null for most. */
export function faultOfInvite(req: SipRequest): Refused | null {
  if (!req.has('Contact') || callIdOf(req).length > MAX_CALL_ID)
    return { status: 400, reason: 'sip_malformed' }
  const unknown = (req.get('require') ?? '')
    .split(',')
    .map((token) => token.trim())
    .filter((token) => token && !SUPPORTED.has(token.toLowerCase()))
  if (unknown.length > 0)
    return { status: 420, reason: 'sip_extension', headers: { Unsupported: unknown.join(', ') } }
  if (Buffer.byteLength(req.body ?? '') > LONGEST_SESSION) return { status: 413, reason: 'sip_too_large' }
  return null
}
