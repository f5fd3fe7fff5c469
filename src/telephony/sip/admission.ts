import ipaddr from 'ipaddr.js'
import type { Digest } from './digest.ts'
import type { SipHeaders, SipRequest } from './drachtio.ts'

/** Whether a request is from somebody who may call, and what it is answered with if not. */
export type Admission = { admitted: true } | { admitted: false; status: 403 | 407; headers: SipHeaders }

export type AdmissionOptions = {
  /** CIDRs whose calls are taken as they are. */
  trunks: readonly string[]
  /** How everybody else proves who they are; null when nobody can. */
  digest: Digest | null
}

const ADMITTED: Admission = { admitted: true }
const FORBIDDEN: Admission = { admitted: false, status: 403, headers: {} }

/** Who may call. It costs no more than a look at the address, since scanners knock all day. */
export class Doorkeeper {
  readonly #trunks: readonly [ipaddr.IPv4 | ipaddr.IPv6, number][]
  readonly #digest: Digest | null

  constructor({ trunks, digest }: AdmissionOptions) {
    this.#trunks = trunks.map((cidr) => ipaddr.parseCIDR(cidr))
    this.#digest = digest
  }

  examine(req: SipRequest): Admission {
    if (this.isTrunk(req.source_address)) return ADMITTED
    if (!this.#digest) return FORBIDDEN
    const verdict = this.#digest.check(req)
    if (verdict === 'right') return ADMITTED
    const challenge = this.#digest.challenge(req.source_address, verdict === 'stale')
    return { admitted: false, status: 407, headers: { 'Proxy-Authenticate': challenge } }
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
