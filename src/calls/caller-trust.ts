import type { VoiceWithheld } from '../../machines/call-events.ts'
import type { CallerVerification, VoiceTrust } from './ports.ts'

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
