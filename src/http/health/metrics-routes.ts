import { type RequestHandler, Router } from 'express'
import type { Registry } from 'prom-client'

/**
 * `GET /metrics` for Prometheus, behind `guards`.
 * @param refresh brings the gauges up to date that are read from the database rather than counted
 */
export function metricsRoutes(
  registry: Registry,
  guards: RequestHandler[],
  refresh: () => Promise<void>,
): Router {
  const router = Router()
  router.get('/metrics', ...guards, async (_req, res) => {
    await refresh()
    res
      .set('Cache-Control', 'no-store')
      .type(registry.contentType)
      .send(await registry.metrics())
  })
  return router
}
