import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import express, { type Request, type RequestHandler, type Response, Router } from 'express'
import { z } from 'zod'
import { HttpProblem } from './problem.ts'
import type { FailureLimit } from './rate-limits.ts'

export const SESSION_COOKIE = 'precall_session'

/** A working day: long enough not to disturb, short enough that a forgotten browser is no open door tomorrow. */
const SESSION_MS = 12 * 3_600_000

export type AuthOptions = {
  adminKey: string
  wrongKeys: FailureLimit
  /** Told of every console session that begins, and, with null, of every wrong key. */
  onKey?: (req: Request, session: string | null) => void
  now?: () => number
}

/** Who shows that they may: with the key itself, or by a console session, which `session` tells apart from others. */
export type Admin = { kind: 'key' | 'session'; session: string | null }

export interface Auth {
  /** Lets through who shows the key or a session's cookie; 401 for all others. */
  requireAdmin: RequestHandler
  /** Begins a session when the request carries the key in a header, and lets everybody through. */
  rememberAdmin: RequestHandler
  /** `POST` begins a session for the key in its body, `DELETE` ends it. */
  sessionRoutes: Router
  /** For what does not pass through Express, such as a WebSocket's upgrade. */
  isAdmin(request: IncomingMessage): boolean
  /** Of a request that was let through. */
  adminOf(request: IncomingMessage): Admin
}

/**
 * One key guards everything that an operator may see and do. A browser changes it for a session's cookie: the time at
 * which it ends, signed with the key itself, so that any node knows it and a new key ends all sessions.
 */
export function createAuth({ adminKey, wrongKeys, onKey, now = Date.now }: AuthOptions): Auth {
  const digest = sha256(adminKey)
  const isKey = (given: string | null) => given !== null && timingSafeEqual(sha256(given), digest)
  const hasSession = (request: IncomingMessage) => isSession(sessionIn(request), adminKey, now())

  /** Only a guess counts against its address: to send no key at all is a client's mistake and finds nothing out. */
  async function accepts(given: string | null, req: Request, res: Response): Promise<boolean> {
    if (given === null) return false
    await wrongKeys.check(req)
    if (isKey(given)) return true
    await wrongKeys.count(req, res)
    onKey?.(req, null)
    return false
  }

  const begin = (req: Request, res: Response) => {
    const session = setSession(req, res, adminKey, now())
    onKey?.(req, session)
  }

  const requireAdmin: RequestHandler = async (req, res, next) => {
    if (!hasSession(req) && !(await accepts(keyIn(req), req, res))) throw unauthorized()
    next()
  }

  const rememberAdmin: RequestHandler = async (req, res, next) => {
    if (await accepts(keyIn(req), req, res)) begin(req, res)
    next()
  }

  const sessionRoutes = Router()
  sessionRoutes.post('/', express.json({ limit: MAX_KEY_BODY }), async (req, res) => {
    const { data } = z.object({ key: z.string() }).safeParse(req.body)
    if (!data) throw new HttpProblem(422, 'The body must be JSON like {"key": "…"}.')
    if (!(await accepts(data.key, req, res))) throw unauthorized()
    begin(req, res)
    res.status(204).end()
  })
  sessionRoutes.delete('/', (req, res) => {
    res.clearCookie(SESSION_COOKIE, cookieOptions(req)).status(204).end()
  })

  const isAdmin = (request: IncomingMessage) => isKey(keyIn(request)) || hasSession(request)
  const adminOf = (request: IncomingMessage): Admin =>
    hasSession(request)
      ? { kind: 'session', session: sessionName(sessionIn(request)) }
      : { kind: 'key', session: null }
  return { requireAdmin, rememberAdmin, sessionRoutes, isAdmin, adminOf }
}

const MAX_KEY_BODY = '4kb'

const sha256 = (text: string) => createHash('sha256').update(text).digest()

const unauthorized = () =>
  new HttpProblem(401, 'Send the admin key as "Authorization: Bearer KEY" or "X-API-Key: KEY".', {
    headers: { 'WWW-Authenticate': 'Bearer realm="precall"' },
  })

function keyIn({ headers }: IncomingMessage): string | null {
  const bearer = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1]
  const own = headers['x-api-key']
  return bearer ?? (typeof own === 'string' && own !== '' ? own : null)
}

function sessionIn({ headers }: IncomingMessage): string | null {
  const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim())
  const prefix = `${SESSION_COOKIE}=`
  return pairs.find((pair) => pair.startsWith(prefix))?.slice(prefix.length) ?? null
}

const sign = (expiry: string, key: string) =>
  createHmac('sha256', key).update(`session.${expiry}`).digest('base64url')

function isSession(cookie: string | null, key: string, now: number): boolean {
  const [expiry = '', signature = ''] = cookie?.split('.') ?? []
  const isAuthentic = timingSafeEqual(sha256(signature), sha256(sign(expiry, key)))
  return isAuthentic && Number(expiry) > now
}

/** A few letters that tell nothing about the cookie itself. */
const sessionName = (cookie: string | null) =>
  sha256(cookie ?? '')
    .toString('hex')
    .slice(0, 8)

/** Returns the session's name. */
function setSession(req: Request, res: Response, key: string, now: number): string {
  const expiry = String(now + SESSION_MS)
  const cookie = `${expiry}.${sign(expiry, key)}`
  res.cookie(SESSION_COOKIE, cookie, { ...cookieOptions(req), maxAge: SESSION_MS })
  return sessionName(cookie)
}

/** Strict: the browser sends it along with our own pages' requests only, so no other page can act in its name. */
const cookieOptions = (req: Request) =>
  ({ httpOnly: true, sameSite: 'strict', path: '/', secure: req.secure }) as const
