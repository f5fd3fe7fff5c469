import DrachtioSrf from 'drachtio-srf'
import type { SipRequest } from './drachtio.ts'

/** Who calls whom, as the rest of the service knows numbers. */
export type Parties = { from: string; to: string }

/** What the database keeps of a party. */
const MAX_ADDRESS = 255
/** E.164 without its plus, as many trunks send it; shorter ones are somebody's own extensions. */
const BARE_E164 = /^[1-9]\d{7,14}$/

/** Null when the request does not say what a call must say. */
export function partiesOf(req: SipRequest): Parties | null {
  try {
    // A trunk that asserts an identity (RFC 3325) has checked it; From is what the phone says of itself.
    const asserted = /<?(sips?:[^>;,]+)/.exec(req.get('p-asserted-identity') ?? '')?.[1]
    const from = userOf(asserted ?? req.getParsedHeader('from').uri)
    const to = userOf(req.uri)
    return to ? { from: from || 'anonymous', to } : null
  } catch {
    return null
  }
}

/** The user of a SIP URI as a number where it is one, without the signs that people put between digits. */
function userOf(uri: string): string {
  const user = /^tel:/i.test(uri) ? uri.slice('tel:'.length) : (DrachtioSrf.parseUri(uri)?.user ?? '')
  const name = unescaped(user).split(';', 1)[0] ?? ''
  const digits = name.replace(/[-.()\s]/g, '')
  if (/^\+\d+$/.test(digits)) return digits
  const number = BARE_E164.test(digits) ? `+${digits}` : name
  return number.replaceAll('\0', '').slice(0, MAX_ADDRESS)
}

function unescaped(user: string): string {
  try {
    return decodeURIComponent(user)
  } catch {
    return user
  }
}
