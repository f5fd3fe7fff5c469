import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Request, Response } from 'express'
import { isOwnPage } from '../own-page.ts'

/*
 * A browser changes the admin key for a session's cookie: when it ends and a name of its own, signed with the key itself, so
 * that any node knows it and a new key ends all sessions. Those that were signed out are kept in the database until they
 * would have ended by themselves.
 */

export const SESSION_COOKIE = 'precall_session'
/** Over https, a name that neither another host nor plain http can set (RFC 6265bis, section 4.1.3.2). */
const SECURE_COOKIE = `__Host-${SESSION_COOKIE}`

/** A working day: long enough not to disturb, short enough that a forgotten browser is no open door tomorrow. */
const SESSION_MS = 12 * 3_600_000
/** Another node's sign-out is known after this at the latest. */
const REREAD_MS = 1_000

/** The sessions that were signed out, for all nodes. */
export type EndedSessions = {
  end(id: string, expiresAt: Date): Promise<void>
  /** Those that would still be good. */
  list(): Promise<string[]>
}

type Session = { id: string; expiresAt: Date }

export class Sessions {
  readonly #key: string
  readonly #ended: EndedSessions
  readonly #now: () => number
  #known: ReadonlySet<string> = new Set()
  #readAt = Number.NEGATIVE_INFINITY
  #reading: Promise<void> | null = null

  constructor(key: string, ended: EndedSessions, now: () => number) {
    this.#key = key
    this.#ended = ended
    this.#now = now
  }

  /** Begins one; returns its name, which tells nothing about the cookie. */
  begin(req: Request, res: Response): string {
    const expiresAt = this.#now() + SESSION_MS
    const id = randomBytes(12).toString('base64url')
    const isSecure = cameOverTls(req)
    const name = isSecure ? SECURE_COOKIE : SESSION_COOKIE
    const cookie = `${expiresAt}.${id}.${this.#sign(expiresAt, id)}`
    res.cookie(name, cookie, { ...OPTIONS, secure: isSecure, maxAge: SESSION_MS })
    return nameOf(id)
  }

  /** Ends that of this request, on every node. */
  async end(req: Request, res: Response): Promise<void> {
    const session = this.#find(req)
    for (const name of [SESSION_COOKIE, SECURE_COOKIE])
      res.clearCookie(name, { ...OPTIONS, secure: name === SECURE_COOKIE })
    if (session === null) return
    this.#known = new Set([...this.#known, session.id])
    await this.#ended.end(session.id, session.expiresAt)
  }

  /** The name of the session that this request may use; null without one, or when another site's page makes it. */
  async of(request: IncomingMessage): Promise<string | null> {
    const session = this.#find(request)
    // A cookie comes with requests of every port and subdomain of the host.
    if (session === null || !isOwnPage(request)) return null
    await this.#reread()
    return this.#known.has(session.id) ? null : nameOf(session.id)
  }

  #find({ headers }: IncomingMessage): Session | null {
    const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim())
    const cookieNamed = (name: string) =>
      pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1)
    const [expiry = '', id = '', signature = ''] = (
      cookieNamed(SECURE_COOKIE) ??
      cookieNamed(SESSION_COOKIE) ??
      ''
    ).split('.')
    const expiresAt = Number(expiry)
    const isAuthentic = timingSafeEqual(sha256(signature), sha256(this.#sign(expiry, id)))
    return isAuthentic && expiresAt > this.#now() ? { id, expiresAt: new Date(expiresAt) } : null
  }

  /** While the database is away, what was known last counts. */
  async #reread(): Promise<void> {
    if (this.#now() - this.#readAt < REREAD_MS) return
    this.#reading ??= this.#ended
      .list()
      .then(
        (ids) => {
          this.#known = new Set(ids)
          this.#readAt = this.#now()
        },
        () => {},
      )
      .finally(() => {
        this.#reading = null
      })
    await this.#reading
  }

  #sign(expiry: number | string, id: string): string {
    return createHmac('sha256', this.#key).update(`session.${expiry}.${id}`).digest('base64url')
  }
}

/** A proxy that ends TLS may not be trusted to say so; the browser's own word for its page is. */
const cameOverTls = (req: Request): boolean => req.secure || (req.get('origin') ?? '').startsWith('https://')

/** Strict: no other site's page can have it sent along. */
const OPTIONS = { httpOnly: true, sameSite: 'strict', path: '/' } as const

const nameOf = (id: string): string => sha256(id).toString('hex').slice(0, 8)

const sha256 = (text: string) => createHash('sha256').update(text).digest()
