import type { CallerVerification } from '../calls/caller-trust.ts'

/*
 * verstat: what a carrier's check of the caller's signed number (STIR/SHAKEN) came to, 3GPP TS 24.229 §7.2A.20, with the level of
 * attestation (RFC 8588 §4: A for a caller who may use the number, B for a known customer, C for a gateway) at its end.
 */

export type AttestationLevel = 'A' | 'B' | 'C'

const PASSED = /^TN-Validation-Passed(?:-([ABC]))?(-Passthrough)?$/i
/** `NULL` is Twilio's word where it came to no level (docs voice/trusted-calling-with-shakenstir). */
const FAILED = /^(?:TN-Validation-Failed\b|NULL$)/i

/**
 * How far a carrier vouches for the number of a call that it brings, by its verdict, if it gave one. `levelOfBare` is that of a
 * verdict that names none. One that ends in `-Diverted` is about whoever forwarded the call, not about its caller.
 */
export function verificationBy(
  verstat: string | null,
  levelOfBare: AttestationLevel | null = null,
): CallerVerification {
  if (verstat === null) return 'trunk'
  if (FAILED.test(verstat)) return 'failed'
  const passed = PASSED.exec(verstat)
  return passed && (passed[1]?.toUpperCase() ?? levelOfBare) === 'A' ? 'attested' : 'trunk'
}
