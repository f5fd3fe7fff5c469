import ipaddr from 'ipaddr.js'
import type { Digest } from './digest.ts'
import type { SipHeaders, SipRequest } from './drachtio.ts'

/** Whether a request is from somebody who may call, and what it is answered with if not. */
export type Admission =
  | { admitted: true; isAuthenticated: boolean }
  | { admitted: false; status: 403 | 407; reason: Reason; headers: SipHeaders }

/** As metrics and log name it; `sip_challenged` is how every call of a phone with a password begins. */
type Reason = 'sip_forbidden' | 'sip_challenged' | 'sip_stale_password' | 'sip_wrong_password'

export type AdmissionOptions = {
  /** CIDRs whose calls are taken as they are. */
  trunks: readonly string[]
  /** How everybody else proves who they are; null when nobody can. */
  digest: Digest | null
}

const FORBIDDEN: Admission = { admitted: false, status: 403, reason: 'sip_forbidden', headers: {} }

const REASONS = {
  none: 'sip_challenged',
  stale: 'sip_stale_password',
  wrong: 'sip_wrong_password',
} as const

/** Who may call. It costs no more than a look at the address, since scanners knock all day. */
export class Doorkeeper {
  readonly #trunks: readonly [ipaddr.IPv4 | ipaddr.IPv6, number][]
  readonly #digest: Digest | null

  constructor({ trunks, digest }: AdmissionOptions) {
    this.#trunks = trunks.map((cidr) => ipaddr.parseCIDR(cidr))
    this.#digest = digest
  }

  examine(req: SipRequest): Admission {
    if (this.isTrunk(req.source_address)) return { admitted: true, isAuthenticated: false }
    if (!this.#digest) return FORBIDDEN
    const verdict = this.#digest.check(req)
    if (verdict === 'right') return { admitted: true, isAuthenticated: true }
    const challenge = this.#digest.challenge(req.source_address, verdict === 'stale')
    const reason = REASONS[verdict]
    return { admitted: false, status: 407, reason, headers: { 'Proxy-Authenticate': challenge } }
  }

  /** Of a host that is a name nothing is known: it is no trunk. */
  isTrunk(host: string): boolean {
    const bare = host.replace(/^\[(.*)\]$/, '$1')
    if (!ipaddr.isValid(bare)) return false
    const address = ipaddr.process(bare)
    return this.#trunks.some(
      ([range, bits]) => range.kind() === address.kind() && address.match(range as never, bits as never),
    )
  }
}
