/** Each carries calls, and each is tested as a whole. */
export const CARRIERS = ['twilio', 'sip'] as const

const WORDS: Record<string, string> = { twilio: 'Twilio', sip: 'SIP' }

/** A carrier as people write it. */
export const carrierWords = (carrier: string): string => WORDS[carrier] ?? carrier
