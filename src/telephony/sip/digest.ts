import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { SipRequest } from './drachtio.ts'

/*
 * Digest authentication of calls, RFC 3261 §22 and RFC 2617, with MD5 because phones know no other. A nonce carries its
 * time and is signed for one address, so that nothing has to be kept for strangers who never come back. Of nonces that were
 * used with the right password the count is kept, so that what was overheard cannot be said again.
 */

const REALM = 'voiceclone'
/** Long enough for a phone that asks its user for the password only now. */
const NONCE_LIFE_MS = 60_000

type Credentials = { name: string; password: string }

export class Digest {
  readonly #passwords: ReadonlyMap<string, string>
  readonly #now: () => number
  readonly #key: Buffer
  /** How often each nonce was used, the oldest first. */
  readonly #uses = new Map<string, number>()

  /**
   * drachtio-server hands requests to its processes in turn, so the answer may come to another one than made the challenge:
   * those who share `secret` know each other's nonces. Without one each knows its own.
   */
  constructor(users: readonly Credentials[], secret: string | null, now: () => number = Date.now) {
    this.#passwords = new Map(users.map(({ name, password }) => [name, password]))
    this.#key = secret === null ? randomBytes(32) : createHmac('sha256', secret).update('nonces').digest()
    this.#now = now
  }

  challenge(address: string, isStale: boolean): string {
    const nonce = this.#nonce(address, this.#now(), randomBytes(6).toString('base64url'))
    return `Digest realm="${REALM}", nonce="${nonce}", algorithm=MD5, qop="auth"${isStale ? ', stale=true' : ''}`
  }

  /** `none`: it says nothing of who it is; `stale`: the password was right and its nonce too old. */
  check(req: SipRequest): 'right' | 'none' | 'wrong' | 'stale' {
    const credentials = req.get('proxy-authorization') ?? req.get('authorization')
    if (credentials === undefined) return 'none'
    const given = parseDigest(credentials)
    const password = this.#passwords.get(given.username ?? '')
    if (
      password === undefined ||
      given.realm !== REALM ||
      !isSame(expected(req.method, given, password), given.response)
    )
      return 'wrong'
    const { nonce = '' } = given
    const madeAt = madeAtOf(nonce)
    if (!isSame(this.#nonce(req.source_address, madeAt, nonce.split('.')[1] ?? ''), nonce)) return 'stale'
    if (this.#now() - madeAt >= NONCE_LIFE_MS) return 'stale'
    const count = given.qop ? Number.parseInt(given.nc ?? '', 16) : 1
    return this.#isFirstUse(nonce, count) ? 'right' : 'stale'
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

function expected(method: string, given: Given, password: string): string {
  const secret = md5(`${given.username}:${REALM}:${password}`)
  const request = md5(`${method}:${given.uri}`)
  const { nonce, nc, cnonce, qop } = given
  return md5(qop ? [secret, nonce, nc, cnonce, qop, request].join(':') : [secret, nonce, request].join(':'))
}

/** The parameters of a Digest header; values may be quoted or not. */
function parseDigest(header: string): Given {
  if (!/^digest\s/i.test(header)) return {}
  const parameters = header.matchAll(/(\w+)\s*=\s*(?:"([^"]*)"|([^\s,]+))/g)
  return Object.fromEntries(
    [...parameters].map(([, name = '', quoted, bare]) => [name.toLowerCase(), quoted ?? bare]),
  )
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex')

function isSame(a: string, b: string | undefined): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b ?? '')]
  return left.length === right.length && timingSafeEqual(left, right)
}
