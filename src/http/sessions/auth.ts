import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import express, { type Request, type RequestHandler, type Response, Router } from 'express'
import { z } from 'zod'
import { HttpProblem } from '../../problem/problem.ts'
import { FailureLimit as GuessLimit } from '../../runtime/failure-limit.ts'
import { type FailureLimit, RATE_LIMITS } from '../rate-limits.ts'
import { type EndedSessions, Sessions } from './sessions.ts'

/** A stream that a session opened is cut off so soon after it was signed out. */
const RECHECK_MS = 5_000

export type AuthOptions = {
  adminKey: string
  wrongKeys: FailureLimit
  endedSessions: EndedSessions
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
  isAdmin(request: IncomingMessage, address?: string): Promise<boolean>
  /** Of a request that was let through. */
  adminOf(request: IncomingMessage): Admin
}

/** One key guards everything that an operator may see and do. A browser changes it for a session's cookie. */
export function createAuth({ adminKey, wrongKeys, endedSessions, onKey, now = Date.now }: AuthOptions): Auth {
  const digest = sha256(adminKey)
  const isKey = (given: string | null) => given !== null && timingSafeEqual(sha256(given), digest)
  const sessions = new Sessions(adminKey, endedSessions, now)
  const admins = new WeakMap<IncomingMessage, Admin>()

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
    const session = sessions.begin(req, res)
    onKey?.(req, session)
  }

  const requireAdmin: RequestHandler = async (req, res, next) => {
    const session = await sessions.of(req)
    if (session === null && !(await accepts(keyIn(req), req, res))) throw unauthorized()
    admins.set(req, { kind: session === null ? 'key' : 'session', session })
    if (session !== null) endWithSession(req, res)
    next()
  }

  /** What goes on for long, such as the feed, ends with the session that began it. */
  function endWithSession(req: Request, res: Response): void {
    const watch = setInterval(async () => {
      if ((await sessions.of(req)) === null) res.destroy()
    }, RECHECK_MS)
    res.once('close', () => clearInterval(watch))
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
  sessionRoutes.delete('/', async (req, res) => {
    await sessions.end(req, res)
    res.status(204).end()
  })

  const guesses = new GuessLimit(RATE_LIMITS.wrongKeys, now)
  const isAdmin = async (request: IncomingMessage, address = request.socket.remoteAddress ?? '') => {
    const key = keyIn(request)
    if (key !== null && !guesses.isOver(address)) {
      if (isKey(key)) return true
      guesses.count(address)
    }
    return (await sessions.of(request)) !== null
  }
  const adminOf = (request: IncomingMessage): Admin => admins.get(request) ?? { kind: 'key', session: null }
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
