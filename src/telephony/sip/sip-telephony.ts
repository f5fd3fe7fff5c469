import type { Telephony } from '../../calls/ports.ts'

/** Legs follow their calls by themselves: nothing that they are told could be newer than what they have seen. */
export const sipTelephony: Telephony = {
  redirectLeg: async () => 'impossible',
  checkLeg: async () => 'impossible',
  hangUp: async () => {},
}
