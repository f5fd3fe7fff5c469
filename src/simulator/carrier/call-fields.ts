import { randomBytes } from 'node:crypto'
import type { CallStatus } from './timeline.ts'

/** `stirVerstat` is null for a caller whose network signs nothing. */
export type CallIdentity = {
  sid: string
  accountSid: string
  from: string
  to: string
  stirVerstat: string | null
}

/** What Twilio says of most callers in the United States. */
export const USUAL_VERSTAT = 'TN-Validation-Passed-A'

/** Where the simulated callers and their number are; Twilio guesses this from the numbers. */
const PLACE = { City: 'SAN FRANCISCO', State: 'CA', Zip: '94103', Country: 'US' }

/** The form fields that come with every request about a call. Source: twilio.com/docs/voice/twiml, request parameters. */
export function callFields(
  { sid, accountSid, from, to, stirVerstat }: CallIdentity,
  status: CallStatus,
): Record<string, string> {
  return {
    CallSid: sid,
    AccountSid: accountSid,
    From: from,
    To: to,
    CallStatus: status,
    ApiVersion: '2010-04-01',
    Direction: 'inbound',
    Caller: from,
    Called: to,
    ...(stirVerstat !== null && { StirVerstat: stirVerstat }),
    ...sipFields(from),
    ...placeFields('From'),
    ...placeFields('To'),
    ...placeFields('Caller'),
    ...placeFields('Called'),
  }
}

/** Of a phone at a SIP domain of the account (docs voice/api/sip-interface). */
function sipFields(from: string): Record<string, string> {
  const [, domain] = /^sips?:[^@]*@([^;:]+)/i.exec(from) ?? []
  return domain === undefined ? {} : { SipDomain: domain }
}

/** Sent while the call rings: by it a call can be forwarded under its own caller id. */
export function callToken(sid: string): string {
  return JSON.stringify({ parentCallInfoToken: `${sid}.${randomBytes(24).toString('base64url')}` })
}

/** What a status callback adds. `seconds` is how long the call lasted from the moment it was answered. */
export function statusFields(sequence: number, seconds: number): Record<string, string> {
  return {
    CallbackSource: 'call-progress-events',
    SequenceNumber: `${sequence}`,
    Timestamp: rfc2822(new Date()),
    CallDuration: `${seconds}`,
    // Billed by the minute begun.
    Duration: `${Math.ceil(seconds / 60)}`,
    SipResponseCode: '200',
  }
}

/** A date as Twilio writes it. */
export function rfc2822(date: Date): string {
  return date.toUTCString().replace('GMT', '+0000')
}

function placeFields(prefix: string): Record<string, string> {
  return Object.fromEntries(Object.entries(PLACE).map(([part, value]) => [prefix + part, value]))
}
