import type { Request, RequestHandler, Response } from 'express'
import { ipKeyGenerator, rateLimit } from 'express-rate-limit'
import { HttpProblem } from '../problem/problem.ts'

const MINUTE_MS = 60_000

/** Requests a minute that one address may make. Each node counts for itself. */
export const RATE_LIMITS = {
  /**
   * All callers' webhooks come from the same few addresses of the carrier: 200 waiting calls that ask every two seconds
   * are 6,000 a minute, and this is ten times that.
   */
  webhooks: 60_000,
  /** Greeting and hold slices, fetched by the same addresses; carriers cache them. */
  audio: 60_000,
  /** Health probes, the console's own files and everything else that is open to all. */
  open: 6_000,
  /** A console that refreshes everything twice a second, several times over. */
  admin: 6_000,
  /** Wrong keys; a generated key outlasts any number of such minutes. */
  wrongKeys: 60,
} as const

/** A limit of its own over all the routes that it is put before. */
export function rateLimitOf(room: keyof typeof RATE_LIMITS): RequestHandler {
  return limiter(RATE_LIMITS[room])
}

const limiter = (limit: number) =>
  rateLimit({
    windowMs: MINUTE_MS,
    limit,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    // Whether forwarded headers count is what TRUST_PROXY says; the library would warn of both answers.
    validate: { trustProxy: false, xForwardedForHeader: false },
    handler: (_req, _res, next) => next(tooMany(limit)),
  })

const tooMany = (limit: number) =>
  new HttpProblem(429, `More than ${limit} requests came from your address within a minute; wait for one.`)

/** Counts failures rather than requests: an address that made too many is refused whatever it sends. */
export interface FailureLimit {
  /** Rejects with a 429 when the address has used up its failures. */
  check(req: Request): Promise<void>
  count(req: Request, res: Response): Promise<void>
}

export function wrongKeyLimit(): FailureLimit {
  const count = limiter(RATE_LIMITS.wrongKeys)
  return {
    async check(req) {
      const seen = await count.getKey(ipKeyGenerator(req.ip ?? ''))
      if (seen && seen.totalHits >= RATE_LIMITS.wrongKeys) {
        throw new HttpProblem(429, 'Too many wrong keys came from your address; wait for a minute.')
      }
    },
    count: async (req, res) => {
      await count(req, res, () => {})
    },
  }
}
