/** A trunk as `GET /api/v1/trunks` lists it. */
export type Trunk = {
  id: string
  name: string
  enabled: boolean
  server: string | null
  transport: 'udp' | 'tcp' | 'tls'
  addresses: string[]
  country: string | null
  numbers: string[]
  didFrom: 'request-uri' | 'to'
  codecs: string[]
  srtp: 'off' | 'optional' | 'required' | null
  maxCalls: number | null
  maxCallsPerSecond: number | null
  /** Its password is never told. */
  registration: { username: string; authUsername: string | null; expiresSeconds: number } | null
  optionsSeconds: number | null
  agents: { number: string; agentId: string; agentName: string }[]
  state: TrunkState
  warnings: string[]
}

type TrunkState = {
  keptBy: string | null
  registration: {
    status: 'registered' | 'failed' | 'pending'
    until: string | null
    error: string | null
  } | null
  server: {
    isAnswering: boolean
    status: number | null
    error: string | null
    failures: number
    failingSince: string | null
    roundTripMs: number | null
  } | null
  names: { name: string; addresses: string[]; fault: string | null }[]
  liveCalls: number
}

export type TrunkList = {
  trunks: Trunk[]
  /** What SIP_TRUNKS and SIP_NUMBERS say; null without SIP. */
  fromSettings: { addresses: string[]; numbers: string[] | null } | null
}
