import type { VoiceWithheld } from '../../machines/call-events.ts'

/**
 * How far the number of a caller is vouched for: `attested` by the caller's own network, which knows that they may use it (or by a
 * password of ours that goes with it), `trunk` by nobody but the carrier that brings the call, `unverified` by the caller alone;
 * `failed` when the carrier's check of the caller's signature failed.
 */
export const CALLER_VERIFICATIONS = ['attested', 'trunk', 'unverified', 'failed'] as const
export type CallerVerification = (typeof CALLER_VERIFICATIONS)[number]

/** Who must vouch for a caller's number before the agent speaks in the voice that is on file for it. */
export const VOICE_TRUSTS = ['attested', 'trunk', 'any'] as const
export type VoiceTrust = (typeof VOICE_TRUSTS)[number]

/** What a caller hears the voice on file for, and what is said of the others. */
const RULES: Record<VoiceTrust, { believes: readonly CallerVerification[]; otherwise: VoiceWithheld }> = {
  attested: { believes: ['attested'], otherwise: 'not_attested' },
  trunk: { believes: ['attested', 'trunk'], otherwise: 'not_verified' },
  any: { believes: ['attested', 'trunk', 'unverified', 'failed'], otherwise: 'not_verified' },
}

/** Why a caller is not given the voice of the number that they call from; null when they are. */
export function withheldFrom(verification: CallerVerification, trust: VoiceTrust): VoiceWithheld | null {
  const { believes, otherwise } = RULES[trust]
  if (believes.includes(verification)) return null
  return verification === 'failed' ? 'verification_failed' : otherwise
}
