import type { CallerVerification } from '../../calls/caller-trust.ts'
import type { Country } from '../../numbers/phone-numbers.ts'
import type { Admitted } from './admission.ts'
import { calledIn, userOf } from './called-party.ts'
import type { SipRequest } from './drachtio.ts'
import { verificationBySip } from './verification.ts'

/** Who calls whom, as the rest of the service knows numbers, and how far the caller's is vouched for. */
export type Parties = {
  from: string
  /** Whom an unknown caller claims to be. */
  claimed?: string
  verification: CallerVerification
  to: string
  /** Who answers; left out, the agent of the number. */
  agentId?: string | null
}

type Canonical = (spelling: string, country: Country | null) => string

const ANONYMOUS = 'anonymous'
const OF_NO_TRUNK = { country: null, didFrom: 'request-uri' } as const

/** Null when the request does not say what a call must say. */
export function partiesOf(req: SipRequest, verdict: Admitted, canonical: Canonical): Parties | null {
  if (verdict.caller === 'link') {
    const { to, agentId, callerNumber } = verdict.link
    return { ...ownerOf(callerNumber, canonical), to, agentId }
  }
  try {
    const { country, didFrom } = verdict.caller === 'trunk' ? verdict.trunk : OF_NO_TRUNK
    const to = calledIn(req, didFrom)
    return to ? { ...callerOf(req, verdict, canonical), to: canonical(to, country) } : null
  } catch {
    return null
  }
}

function callerOf(req: SipRequest, verdict: Exclude<Admitted, { caller: 'link' }>, canonical: Canonical) {
  const [uri, ...others] = callerUris(req)
  // RFC 3323 §4.1.1.3: the host of those who withhold who they are, whatever stands before it.
  const said = /@anonymous\.invalid\b/i.test(uri) ? ANONYMOUS : userOf(uri)
  if (verdict.caller === 'user')
    return {
      ...ownerOf(verdict.number, canonical),
      ...(verdict.number === null && { claimed: canonical(said, null) }),
    }
  return {
    from: canonical(said, verdict.trunk.country),
    verification: verificationBySip(req, uri, [uri, ...others]),
  }
}

/** Whoever has proved a password is whose number it goes with, and nobody where it goes with none. */
const ownerOf = (number: string | null, canonical: Canonical): Pick<Parties, 'from' | 'verification'> =>
  number === null
    ? { from: ANONYMOUS, verification: 'unverified' }
    : { from: canonical(number, null), verification: 'attested' }

/**
 * Who calls, in the words of the request, and what else it calls them. A trunk that asserts an identity has checked it (RFC 3325);
 * Remote-Party-ID is how that was said before. Of a call that was forwarded, History-Info and Diversion name those who were called
 * first, not the caller.
 */
function callerUris(req: SipRequest): [string, ...string[]] {
  const from = req.getParsedHeader('from').uri
  const [first, ...others] = ASSERTING.flatMap((header) => urisIn(req.get(header) ?? ''))
  return first === undefined ? [from] : [first, ...others, from]
}

const ASSERTING = ['p-asserted-identity', 'remote-party-id']

/** The URIs of such a header. A name before one may be anything that the caller likes. */
function urisIn(header: string): string[] {
  const unnamed = header.replace(/\\./g, '').split('"').filter(isUnquoted).join('')
  const bracketed = Array.from(unnamed.matchAll(/<([^<>]*)>/g), ([, uri = '']) => uri)
  const uris = bracketed.length > 0 ? bracketed : unnamed.split(',').map((uri) => uri.trim())
  return uris.filter((uri) => /^(?:sips?|tel):/i.test(uri))
}

/** Of what quotes part, each second piece stands within them. */
const isUnquoted = (_: string, index: number): boolean => index % 2 === 0
