import DrachtioSrf from 'drachtio-srf'
import type { DidSource } from '../../calls/trunk-ports.ts'
import type { SipRequest } from './drachtio.ts'

/** What the database keeps of a party. */
const MAX_ADDRESS = 255

/**
 * Whom a call is for. The Request-URI says where the call goes (RFC 3261 §8.1.1.1), which for a registered trunk is our own
 * Contact; To says whom was dialled, if nobody on the way has put them through. Throws where To cannot be read.
 */
export const calledIn = (req: SipRequest, didFrom: DidSource): string =>
  userOf(didFrom === 'to' ? req.getParsedHeader('to').uri : req.uri)

/** The user of a SIP URI, or the number of a tel URI. */
export function userOf(uri: string): string {
  const user = /^tel:/i.test(uri) ? uri.slice('tel:'.length) : (DrachtioSrf.parseUri(uri)?.user ?? '')
  const name = unescaped(user).split(';', 1)[0] ?? ''
  return name.replaceAll('\0', '').slice(0, MAX_ADDRESS)
}

function unescaped(user: string): string {
  try {
    return decodeURIComponent(user)
  } catch {
    return user
  }
}
