import { withTimeout } from '../../runtime/with-timeout.ts'
import type { Digest } from './digest.ts'
import type { SipHeaders, SipRequest } from './drachtio.ts'
import type { SrtpPolicy } from './media-encryption.ts'
import type { LinkCaller, LinkCallers } from './sip-ports.ts'
import type { Trunk, TrunkDirectory } from './trunks/trunk-directory.ts'

/** Whether a request is from somebody who may call, and what it is answered with if not. */
export type Admission =
  | { admitted: true; caller: 'trunk'; trunk: Trunk }
  /** A user who has proved the password. What their phone says of itself is not believed: `number` is theirs, if they have one. */
  | { admitted: true; caller: 'user'; number: string | null }
  /** A browser that has proved the password of a link: it reaches whom the link names, whatever it dials. */
  | { admitted: true; caller: 'link'; link: LinkCaller }
  | { admitted: false; status: 403 | 407; reason: Reason; headers: SipHeaders }

/** As metrics and log name it; `sip_challenged` is how every call of a phone with a password begins. */
type Reason =
  | 'sip_forbidden'
  | 'sip_challenged'
  | 'sip_stale_password'
  | 'sip_wrong_password'
  | 'sip_too_many_guesses'

/** One who may call. */
export type Admitted = Extract<Admission, { admitted: true }>

export type AdmissionOptions = {
  /** Whose calls are taken as they are. */
  trunks: TrunkDirectory
  /** How everybody else proves who they are; null when nobody can. */
  digest: Digest | null
  /** Those who may call once, from a browser. */
  links: LinkCallers | null
}

/** Whoever dials would give up the silence. */
const LOOK_UP_MS = 2_000

const FORBIDDEN = { admitted: false, status: 403, reason: 'sip_forbidden', headers: {} } as const

const LIMITED: Admission = { ...FORBIDDEN, reason: 'sip_too_many_guesses' }

const REASONS = {
  none: 'sip_challenged',
  stale: 'sip_stale_password',
  wrong: 'sip_wrong_password',
} as const

/** Who may call. It costs no more than a look at the address, since scanners knock all day. */
export class InviteAuthorizer {
  readonly #trunks: TrunkDirectory
  readonly #digest: Digest | null
  readonly #links: LinkCallers | null

  constructor({ trunks, digest, links }: AdmissionOptions) {
    this.#trunks = trunks
    this.#digest = digest
    this.#links = links
  }

  /** Rejects when it cannot be looked up who may call by a link. */
  async examine(req: SipRequest): Promise<Admission> {
    const trunk = isBrowser(req) ? null : this.#trunks.of(req)
    if (trunk) return { admitted: true, caller: 'trunk', trunk }
    if (!this.#digest) return FORBIDDEN
    const name = this.#digest.claimedName(req)
    const link = name === null ? null : await this.#linkOf(name)
    const verdict = this.#digest.check(req, link)
    if (verdict === 'right' && link) return { admitted: true, caller: 'link', link }
    if (verdict === 'right') return { admitted: true, caller: 'user', number: this.#digest.numberOf(req) }
    if (verdict === 'limited') return LIMITED
    const challenge = this.#digest.challenge(req.source_address, verdict === 'stale')
    const reason = REASONS[verdict]
    return { admitted: false, status: 407, reason, headers: { 'Proxy-Authenticate': challenge } }
  }

  async #linkOf(name: string): Promise<LinkCaller | null> {
    if (!this.#links) return null
    return withTimeout(LOOK_UP_MS, this.#links.find(name), 'who calls by a link was not looked up in time')
  }

  isFromTrunk(req: SipRequest): boolean {
    return !isBrowser(req) && this.isTrunk(req.source_address)
  }

  /** Of a host that is a name nothing is known: it is no trunk. */
  isTrunk(host: string): boolean {
    return this.#trunks.has(host)
  }
}

/** No trunk speaks SIP over WebSocket: who does is a browser, maybe behind a proxy or the NAT of a trunk. */
const isBrowser = ({ protocol }: SipRequest): boolean => /^wss?$/i.test(protocol)

/** A trunk may have a policy of its own; browsers have no plain audio. */
export function srtpOf(caller: Admitted, policy: SrtpPolicy): SrtpPolicy {
  if (caller.caller === 'trunk') return caller.trunk.srtp ?? policy
  return caller.caller === 'link' && policy === 'off' ? 'optional' : policy
}
