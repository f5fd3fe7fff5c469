import DrachtioSrf from 'drachtio-srf'
import type { TransferRefusal } from '../../../machines/call-events.ts'
import type { InviteAuthorizer } from './admission.ts'
import type { SipHeaders, SipRequest } from './drachtio.ts'
import type { Encryption } from './media-encryption.ts'

/*
 * REFER (RFC 3515): the other end wants somebody else to have the call. It costs whoever pays the trunk: so a trunk alone may
 * ask, on one of its own calls, for a number that the operator has listed, at an address of a trunk; of what it writes, no more is
 * taken over.
 */

export type TransferRules = {
  authorizer: InviteAuthorizer
  /** To whom a trunk may have calls put through; null means nobody. */
  transferNumbers: readonly string[] | null
  canonical: (spelling: string, country: null) => string
}

/** Who is to be called, and what the INVITE says beside the session. */
export type TransferTarget = { to: string; uri: string; headers: SipHeaders }

export type RefusedTransfer = {
  to: string | null
  status: number
  reason: TransferRefusal
  headers?: SipHeaders
}

/** Whom this REFER of a leg's other end wants, or why nobody is called. `invite` began the leg's dialog. */
export function transferTarget(
  req: SipRequest,
  { invite, encryption }: { invite: SipRequest; encryption: Encryption },
  rules: TransferRules,
): TransferTarget | RefusedTransfer {
  const { authorizer, canonical, transferNumbers } = rules
  const wanted = wantedIn(req)
  const to = wanted && canonical(wanted.user, null)
  if (!authorizer.isFromTrunk(invite) || !authorizer.isFromTrunk(req))
    return { to, status: 403, reason: 'not_a_trunk' }
  if (!wanted || to === null) return { to, status: 400, reason: 'malformed' }
  if (!transferNumbers?.includes(to) || !authorizer.isTrunk(wanted.host))
    return { to, status: 403, reason: 'not_allowed' }
  if (encryption !== 'none' && !wanted.isOverTls)
    return { to, status: 488, reason: 'not_encrypted', headers: KEYS_IN_THE_CLEAR }
  return { to, ...addressOf(wanted, to) }
}

/** The new INVITE would carry the call's key. */
const KEYS_IN_THE_CLEAR = { Warning: '302 precall "The audio is encrypted: refer to an address over TLS"' }

type Wanted = { user: string; host: string; port: number; isOverTls: boolean; replaces: string | null }

/** Of Refer-To, who is wanted and where; of the headers that it may bring for the new INVITE, Replaces (RFC 3891) alone. */
function wantedIn(req: SipRequest): Wanted | null {
  const uri = /<?(sips?:[^>]+)>?/.exec(req.get('refer-to') ?? '')?.[1]
  const [address = '', query = ''] = uri?.split('?', 2) ?? []
  const { user, host, port } = DrachtioSrf.parseUri(address) ?? {}
  if (!user || !host) return null
  const replaces = new URLSearchParams(query).get('Replaces')
  // Decoded, it could end the header and begin another one.
  if (replaces !== null && !/^[\x20-\x7e]{1,255}$/.test(replaces)) return null
  const isOverTls = /^sips:|;transport=tls\b/i.test(address)
  return { user, host, port: Number(port) || (isOverTls ? 5061 : 5060), isOverTls, replaces }
}

/** The same as an address of our own making. */
function addressOf({ host, port, isOverTls, replaces }: Wanted, to: string): Omit<TransferTarget, 'to'> {
  const transport = isOverTls ? ';transport=tls' : ''
  return { uri: `sip:${to}@${host}:${port}${transport}`, headers: replaces ? { Replaces: replaces } : {} }
}
