import { createHash } from 'node:crypto'
import { responseTo, type SipRequest, uriOf } from './simulated-sip/sip-message.ts'
import type { Respond, SipNetwork, SipParty } from './simulated-sip/sip-network.ts'
import { newTag } from './simulated-sip/tags.ts'

const REALM = 'provider.example'

/** A provider: it takes registrations with a password (RFC 3261 §10 and §22), and answers OPTIONS. */
export class SipRegistrar implements SipParty {
  readonly address: string
  /** All that came, in order. */
  readonly requests: SipRequest[] = []
  /** For how long it grants a registration, in seconds. */
  grants = 3_600
  /** Below this it grants none. */
  atLeast = 0
  /** The status with which everything is answered; null for what is right. */
  refuses: number | null = null
  /** Where calls are sent to; null while nobody is registered. */
  contact: string | null = null
  readonly #network: SipNetwork
  readonly #user: { name: string; password: string }
  readonly #nonces = new Set<string>()

  constructor(network: SipNetwork, user: { name: string; password: string }, host = '127.0.0.1') {
    this.#network = network
    this.#user = user
    this.address = `${host}:${network.freePort()}`
    network.attach(this)
  }

  /** REGISTERs whose password was right and that asked for more than nothing. */
  get registrations(): SipRequest[] {
    return this.requests.filter(
      ({ method, headers }) =>
        method === 'REGISTER' && headers.has('Authorization') && headers.get('Expires') !== '0',
    )
  }

  of(method: string): SipRequest[] {
    return this.requests.filter((request) => request.method === method)
  }

  /** Is no more to be reached. */
  vanish(): void {
    this.#network.detach(this)
  }

  comeBack(): void {
    this.#network.attach(this)
  }

  receive(request: SipRequest, _source: string, respond: Respond): void {
    this.requests.push(request)
    const [status, headers = {}] = this.#answer(request)
    respond(responseTo(request, status, { toTag: newTag(), headers }))
  }

  #answer(request: SipRequest): [status: number, headers?: Record<string, string>] {
    if (this.refuses !== null) return [this.refuses]
    if (request.method === 'REGISTER') return this.#register(request)
    return [request.method === 'OPTIONS' ? 200 : 405]
  }

  #register(request: SipRequest): [status: number, headers?: Record<string, string>] {
    const { headers } = request
    const wanted = Number(headers.get('Expires'))
    if (wanted > 0 && wanted < this.atLeast) return [423, { 'Min-Expires': `${this.atLeast}` }]
    const authorization = headers.get('Authorization')
    if (!authorization) return [401, { 'WWW-Authenticate': this.#challenge() }]
    if (!this.#isRight(authorization, request)) return [403]
    const seconds = wanted === 0 ? 0 : Math.min(wanted, Math.max(this.grants, this.atLeast))
    const contact = uriOf(headers.get('Contact'))
    this.contact = seconds === 0 ? null : contact
    return [200, { Contact: `<${contact}>;expires=${seconds}` }]
  }

  #challenge(): string {
    const nonce = newTag()
    this.#nonces.add(nonce)
    return `Digest realm="${REALM}", nonce="${nonce}", algorithm=MD5, qop="auth"`
  }

  #isRight(authorization: string, { method }: SipRequest): boolean {
    const given = Object.fromEntries(
      Array.from(authorization.matchAll(/(\w+)=(?:"([^"]*)"|([^\s,]+))/g), ([, key, quoted, bare]) => [
        key,
        quoted ?? bare ?? '',
      ]),
    )
    const { name, password } = this.#user
    const secret = md5(`${name}:${REALM}:${password}`)
    const expected = md5(
      [secret, given.nonce, given.nc, given.cnonce, given.qop, md5(`${method}:${given.uri}`)].join(':'),
    )
    return given.username === name && this.#nonces.delete(given.nonce ?? '') && given.response === expected
  }
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex')
