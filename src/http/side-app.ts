import express, { type Express } from 'express'
import helmet from 'helmet'
import { requireAllowedAddress } from './allowed-ips.ts'
import type { AppOptions } from './app.ts'
import { audioRoutes } from './audio-routes.ts'
import { errorHandler, notFound } from './error-handler.ts'
import { healthRoutes } from './health-routes.ts'
import { metricsRoutes } from './metrics-routes.ts'
import { rateLimitOf } from './rate-limits.ts'

type SideOptions = Pick<
  AppOptions,
  'trustProxy' | 'log' | 'metrics' | 'refreshMetrics' | 'auth' | 'isAllowedAddress' | 'health' | 'audio'
>

/** What a process answers over HTTP that has no webhooks, no API and no console: how it is, and the audio for its callers. */
export function createSideApp(options: SideOptions): Express {
  const { auth, metrics, log, trustProxy, audio, refreshMetrics } = options
  const guards = [rateLimitOf('admin'), requireAllowedAddress(options.isAllowedAddress), auth.requireAdmin]
  const app = express()
  app.disable('x-powered-by')
  app.set('trust proxy', trustProxy)
  app.set('query parser', 'simple')
  app.use(helmet())
  app.use('/audio', rateLimitOf('audio'), audioRoutes(audio))
  app.use(metricsRoutes(metrics.registry, guards, refreshMetrics))
  app.use(rateLimitOf('open'), healthRoutes(options.health))
  app.use(notFound)
  app.use(errorHandler({ log, onRejected: (reason) => metrics.httpRejections.inc({ reason }) }))
  return app
}
