import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { FailureLimit } from '../../runtime/failure-limit.ts'
import type { SipRequest } from './drachtio.ts'

/*
 * Digest authentication of calls, RFC 3261 §22 and RFC 2617, with MD5 because phones know no other. A nonce carries its
 * time and is signed for one address, so that nothing has to be kept for strangers who never come back. Of nonces that were
 * used with the right password the count is kept, so that what was overheard cannot be said again.
 */

const REALM = 'voiceclone'
/** Long enough for a phone that asks its user for the password only now. */
const NONCE_LIFE_MS = 60_000

/** A person mistypes a password a few times; a scanner tries thousands a minute, of one address or of many. */
const GUESSES = { ofOneAddress: 10, atOneUser: 30 }

/** `number` is the user's own, which they call from; null when they have none. */
export type SipUser = { name: string; password: string; number: string | null }

export class Digest {
  readonly #users: ReadonlyMap<string, SipUser>
  readonly #now: () => number
  readonly #key: Buffer
  /** How often each nonce was used, the oldest first. */
  readonly #uses = new Map<string, number>()
  readonly #byAddress: FailureLimit
  readonly #byUser: FailureLimit
  /** Where users have called from: guesses from elsewhere must not lock them out. */
  readonly #known = new Map<string, string>()

  /**
   * drachtio-server hands requests to its processes in turn, so the answer may come to another one than made the challenge:
   * those who share `secret` know each other's nonces. Without one each knows its own.
   */
  constructor(users: readonly SipUser[], secret: string | null, now: () => number = Date.now) {
    this.#users = new Map(users.map((user) => [user.name, user]))
    this.#key = secret === null ? randomBytes(32) : createHmac('sha256', secret).update('nonces').digest()
    this.#now = now
    this.#byAddress = new FailureLimit(GUESSES.ofOneAddress, now)
    this.#byUser = new FailureLimit(GUESSES.atOneUser, now)
  }

  challenge(address: string, isStale: boolean): string {
    const nonce = this.#nonce(address, this.#now(), randomBytes(6).toString('base64url'))
    return `Digest realm="${REALM}", nonce="${nonce}", algorithm=MD5, qop="auth"${isStale ? ', stale=true' : ''}`
  }

  /**
   * Whom a request says it is from, in answer to a challenge of ours; null for all others, and while so much was guessed that it
   * is not looked at. Strangers cannot have names looked up without having been asked.
   */
  claimedName(req: SipRequest): string | null {
    const { username, realm, nonce } = givenIn(req) ?? {}
    if (username === undefined || realm !== REALM || !this.#isFresh(nonce ?? '', req.source_address))
      return null
    return this.#isLimited(req.source_address, username) ? null : username
  }

  /**
   * `guest` is a user of no setting whom this request names. `none`: it says nothing of who it is; `stale`: the password was
   * right and its nonce too old; `limited`: too many wrong ones came, and this one was not even looked at.
   */
  check(
    req: SipRequest,
    guest: Pick<SipUser, 'password'> | null = null,
  ): 'right' | 'none' | 'wrong' | 'stale' | 'limited' {
    const given = givenIn(req)
    if (given === null) return 'none'
    if (this.#isLimited(req.source_address, given.username ?? '')) return 'limited'
    const { password } = guest ?? this.#users.get(given.username ?? '') ?? {}
    if (
      password === undefined ||
      given.realm !== REALM ||
      !isSame(expected(req.method, given, password), given.response)
    )
      return this.#wrong(req.source_address, given.username ?? '')
    // A guest calls once, and does not come back.
    if (!guest) this.#known.set(given.username ?? '', req.source_address)
    const { nonce = '' } = given
    if (!this.#isFresh(nonce, req.source_address)) return 'stale'
    const count = given.qop ? Number.parseInt(given.nc ?? '', 16) : 1
    return this.#isFirstUse(nonce, count) ? 'right' : 'stale'
  }

  /** The number of the user who has proved the password in this request. */
  numberOf(req: SipRequest): string | null {
    return this.#users.get(givenIn(req)?.username ?? '')?.number ?? null
  }

  /** Whether one of us has asked this address with it, not long ago. */
  #isFresh(nonce: string, address: string): boolean {
    const madeAt = madeAtOf(nonce)
    if (!isSame(this.#nonce(address, madeAt, nonce.split('.')[1] ?? ''), nonce)) return false
    return this.#now() - madeAt < NONCE_LIFE_MS
  }

  #isLimited(address: string, user: string): boolean {
    if (this.#known.get(user) === address) return false
    return this.#byAddress.isOver(address) || (this.#users.has(user) && this.#byUser.isOver(user))
  }

  #wrong(address: string, user: string): 'wrong' {
    this.#byAddress.count(address)
    if (this.#users.has(user)) this.#byUser.count(user)
    return 'wrong'
  }

  /** Each use of a nonce has a higher count than the one before (RFC 2617 §3.2.2); without `qop` there is only one. */
  #isFirstUse(nonce: string, count: number): boolean {
    for (const used of this.#uses.keys()) {
      if (this.#now() - madeAtOf(used) < NONCE_LIFE_MS) break
      this.#uses.delete(used)
    }
    if (!(count > (this.#uses.get(nonce) ?? 0))) return false
    this.#uses.set(nonce, count)
    return true
  }

  /** `salt` tells those apart that were asked for in the same millisecond. */
  #nonce(address: string, madeAt: number, salt: string): string {
    const time = madeAt.toString(36)
    const signature = createHmac('sha256', this.#key).update(`${time} ${salt} ${address}`).digest('base64url')
    return `${time}.${salt}.${signature}`
  }
}

const madeAtOf = (nonce: string): number => Number.parseInt(nonce.split('.')[0] ?? '', 36)

type Given = Partial<Record<string, string>>

/** Null when a request says nothing of who it is from. */
function givenIn(req: SipRequest): Given | null {
  const credentials = req.get('proxy-authorization') ?? req.get('authorization')
  return credentials === undefined ? null : parseDigest(credentials)
}

function expected(method: string, given: Given, password: string): string {
  const secret = md5(`${given.username}:${REALM}:${password}`)
  const request = md5(`${method}:${given.uri}`)
  const { nonce, nc, cnonce, qop } = given
  return md5(qop ? [secret, nonce, nc, cnonce, qop, request].join(':') : [secret, nonce, request].join(':'))
}

/** Ten parameters of the length that phones give them take a few hundred characters. */
const LONGEST_HEADER = 2_048

/** A parameter and what parts it from the next; its value may be quoted. Each character is looked at once. */
const PARAMETER = /[\s,]*(\w+)\s*=\s*(?:"([^"]*)"|([^\s,"]*))/y

/** The parameters of a Digest header, up to the first thing that is none. */
function parseDigest(header: string): Given {
  if (header.length > LONGEST_HEADER || !/^digest\s/i.test(header)) return {}
  const given: Given = {}
  PARAMETER.lastIndex = 'digest'.length
  for (let found = PARAMETER.exec(header); found; found = PARAMETER.exec(header)) {
    const [, name = '', quoted, bare] = found
    given[name.toLowerCase()] = quoted ?? bare
  }
  return given
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex')

function isSame(a: string, b: string | undefined): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b ?? '')]
  return left.length === right.length && timingSafeEqual(left, right)
}
