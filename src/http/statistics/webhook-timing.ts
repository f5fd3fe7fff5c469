import type { RequestHandler } from 'express'
import type { Histogram } from 'prom-client'

/** Measures from a webhook's arrival to the end of its answer, by route. */
export function webhookTiming(seconds: Histogram<'route'>): RequestHandler {
  return (req, res, next) => {
    const begun = performance.now()
    const base = req.baseUrl.toLowerCase()
    res.once('finish', () => {
      // Only routes that exist may become labels: strangers choose the paths.
      const route = req.route ? `${base}${req.route.path}` : 'unknown'
      seconds.observe({ route }, (performance.now() - begun) / 1000)
    })
    next()
  }
}
