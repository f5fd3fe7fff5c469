/** A link as `GET /api/v1/phone-links` lists it; times in ISO 8601. */
export type PhoneLink = {
  id: string
  to: string
  agentId: string | null
  agentName: string | null
  callerNumber: string | null
  callerName: string | null
  createdAt: string
  expiresAt: string
  usedAt: string | null
  callId: string | null
  status: 'waiting' | 'used' | 'expired'
}

/** One that was just made: its address is told this once. */
export type NewPhoneLink = PhoneLink & { url: string }
