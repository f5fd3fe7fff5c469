import type { CallerVerification } from '../../calls/caller-trust.ts'
import { type AttestationLevel, verificationBy } from '../../numbers/verstat.ts'
import { userOf } from './called-party.ts'
import type { SipRequest } from './drachtio.ts'

/** Where trunks say the level beside a verdict that names none (ATIS-1000074 §5.3.1, and before it was standardised). */
const LEVEL_HEADERS = ['attestation-info', 'p-attestation-indicator']

/** Telnyx names level A by no letter (developers.telnyx.com, "STIR/SHAKEN SIP header parameters"), and only it is known to. */
const OF_TELNYX = /@(?:[\w-]+\.)*telnyx\.com(?:[:;]|$)/i

/**
 * How far a trunk vouches for its caller: by `verstat` in the URIs that the request calls them by (3GPP TS 24.229 §7.2A.20), or in the
 * header of Twilio's trunks. One verdict that failed is enough, wherever it stands; one that passed has to be about the caller's
 * own number. Only for trunks: a phone can write anything.
 */
export function verificationBySip(
  req: SipRequest,
  callerUri: string,
  uris: readonly string[],
): CallerVerification {
  const level = LEVEL_HEADERS.map((header) => levelIn(req.get(header))).find((each) => each !== null) ?? null
  const verdicts = uris.map((uri) => ({ uri, verdict: verdictOf(uri, level) }))
  const twilio = verificationBy(req.get('x-twilio-verstat')?.trim() ?? null)
  if (twilio === 'failed' || verdicts.some(({ verdict }) => verdict === 'failed')) return 'failed'
  const own = verdicts.filter(({ uri }) => userOf(uri) === userOf(callerUri))
  return twilio === 'attested' || own.some(({ verdict }) => verdict === 'attested') ? 'attested' : 'trunk'
}

function verdictOf(uri: string, level: AttestationLevel | null): CallerVerification {
  const verstat = /;verstat=([\w-]+)/i.exec(uri)?.[1] ?? null
  return verificationBy(verstat, level ?? (OF_TELNYX.test(uri) ? 'A' : null))
}

const levelIn = (header: string | undefined): AttestationLevel | null =>
  (/^\s*([ABC])\s*$/i.exec(header ?? '')?.[1]?.toUpperCase() as AttestationLevel | undefined) ?? null
