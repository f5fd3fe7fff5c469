import { Router } from 'express'

/** `ok`, `simulated`, `disabled`, or what is wrong in a few words. */
type PartHealth = string

export type Health = {
  /** Only with `ok` calls are taken; else `draining`, `full`, or what is wrong. */
  status: string
  database: PartHealth
  elevenlabs: PartHealth
  twilio: PartHealth
  sip: PartHealth
  /** Of the trunks that are set up at run time: `ok`, `none`, `disabled` without SIP, or how many cannot be reached or registered. */
  trunks: PartHealth
  /** How this node stands with the others: `ok`, or that they could not see it lately, and for how long. */
  node: PartHealth
  /** This machine's clock beside the database's, by which calls are timed. */
  clock: PartHealth
}

/** `GET /health` for load balancers and people; open to all, so it names no hosts and no keys. */
export function healthRoutes(health: () => Promise<Health>): Router {
  const router = Router()
  router.get('/health', async (_req, res) => {
    const now = await health()
    res
      .status(now.status === 'ok' ? 200 : 503)
      .set('Cache-Control', 'no-store')
      .json({ ...now, timestamp: new Date() })
  })
  return router
}
