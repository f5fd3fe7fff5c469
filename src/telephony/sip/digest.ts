import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { SipRequest } from './drachtio.ts'

/*
 * Digest authentication of calls, RFC 3261 §22 and RFC 2617, with MD5 because phones know no other. A nonce carries its
 * time and is signed for one address, so that nothing has to be kept for strangers who never come back.
 */

const REALM = 'voiceclone'
/** Long enough for a phone that asks its user for the password only now. */
const NONCE_LIFE_MS = 60_000

type Credentials = { name: string; password: string }

export class Digest {
  readonly #passwords: ReadonlyMap<string, string>
  readonly #now: () => number
  /** New with every start: a nonce of an earlier one is stale, which a phone mends by itself. */
  readonly #key = randomBytes(32)

  constructor(users: readonly Credentials[], now: () => number = Date.now) {
    this.#passwords = new Map(users.map(({ name, password }) => [name, password]))
    this.#now = now
  }

  challenge(address: string, isStale: boolean): string {
    const nonce = this.#nonce(address, this.#now())
    return `Digest realm="${REALM}", nonce="${nonce}", algorithm=MD5, qop="auth"${isStale ? ', stale=true' : ''}`
  }

  /** `stale`: the password was right and its nonce too old. */
  check(req: SipRequest): 'right' | 'wrong' | 'stale' {
    const given = parseDigest(req.get('proxy-authorization') ?? req.get('authorization') ?? '')
    const password = this.#passwords.get(given.username ?? '')
    if (
      password === undefined ||
      given.realm !== REALM ||
      !isSame(expected(req.method, given, password), given.response)
    )
      return 'wrong'
    const madeAt = Number.parseInt(given.nonce?.split('.')[0] ?? '', 36)
    if (!isSame(this.#nonce(req.source_address, madeAt), given.nonce)) return 'stale'
    return this.#now() - madeAt < NONCE_LIFE_MS ? 'right' : 'stale'
  }

  #nonce(address: string, madeAt: number): string {
    const time = madeAt.toString(36)
    return `${time}.${createHmac('sha256', this.#key).update(`${time} ${address}`).digest('base64url')}`
  }
}

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
