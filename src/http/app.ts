import type { IncomingMessage } from 'node:http'
import express, { type Express, type RequestHandler, type Router } from 'express'
import helmet from 'helmet'
import type { Logger } from 'pino'
import type { Config } from '../config/config.ts'
import type { Metrics } from '../observability/metrics.ts'
import { requireAllowedAddress } from './allowed-ips.ts'
import { type AudioOptions, audioRoutes } from './audio/audio-routes.ts'
import type { RecordWrite } from './audit/audit.ts'
import { bodyDeadline } from './body-deadline.ts'
import { validAddress } from './client-address.ts'
import { errorHandler, notFound } from './error-handler.ts'
import { type Health, healthRoutes } from './health/health-routes.ts'
import { lifeRoutes } from './health/life-routes.ts'
import { metricsRoutes } from './health/metrics-routes.ts'
import { type ApiInfo, openApiDocument } from './openapi.ts'
import { rateLimitOf } from './rate-limits.ts'
import { type AnyRoute, routerOf } from './route.ts'
import type { Auth } from './sessions/auth.ts'
import { webhookTiming } from './statistics/webhook-timing.ts'
import { ownTurn } from './turns.ts'

export type AppOptions = {
  /** By which other nodes ask whether this one lives. */
  nodeId: string
  trustProxy: Config['http']['trustProxy']
  log: Logger
  metrics: Metrics
  /** Brings the gauges up to date before they are read. */
  refreshMetrics: () => Promise<void>
  auth: Auth
  /** Who made a request, through the proxies that are trusted. */
  addressOf: (request: IncomingMessage) => string | undefined
  isAllowedAddress: (address: string | undefined) => boolean
  health: () => Promise<Health>
  audio: AudioOptions
  /** Null for a process that takes no webhooks and has neither API nor console. */
  web: WebOptions | null
}

export type WebOptions = {
  /** The carrier's webhooks, mounted at `/webhooks`; they check their own signatures. */
  carrierWebhooks: Router
  /** The voice agents' webhooks, mounted at `/webhook`. */
  agentWebhooks: Router
  adminRoutes: readonly AnyRoute[]
  /** Told of everything that an admin does, before it is done. */
  recordWrite: RecordWrite
  api: ApiInfo
  /** The console's page and its files, mounted at `/`. */
  console: Router
  /** The page from which callers call, mounted at `/phone`, for all. */
  phone: Router
}

export const API_ROOT = '/api/v1'

/** An admin request that is larger brings a voice sample, and those are read by their own route. */
const MAX_JSON = '100kb'
/** A carrier sends its form in one piece, and gives the whole webhook 15 s. */
const SMALL_BODY_MS = 10_000
/** A vendor's report of tens of megabytes comes from one data centre to another. */
const REPORT_BODY_MS = 60_000

/** Everything that this process answers over HTTP. Listening is up to the caller. */
export function createApp(options: AppOptions): Express {
  const { auth, metrics, log, web } = options
  const allowed = requireAllowedAddress(options.isAllowedAddress)
  const guards: RequestHandler[] = [rateLimitOf('admin'), allowed, auth.requireAdmin]

  const app = express()
  app.disable('x-powered-by')
  app.set('trust proxy', options.trustProxy)
  app.set('query parser', 'simple')
  app.use(validAddress(options.addressOf), securityHeaders())

  app.use(lifeRoutes(options.nodeId))
  if (web) mountWebhooks(app, web, metrics)
  app.use('/audio', rateLimitOf('audio'), audioRoutes(options.audio))
  app.use(metricsRoutes(metrics.registry, guards, options.refreshMetrics))
  if (web) app.use(API_ROOT, ...guards, express.json({ limit: MAX_JSON }), adminApi(web))
  app.use(rateLimitOf('open'), healthRoutes(options.health))
  if (web) app.use('/phone', web.phone)
  if (web) mountConsole(app, web, auth, allowed)

  app.use(notFound)
  app.use(errorHandler({ log, onRejected: (reason) => metrics.httpRejections.inc({ reason }) }))
  return app
}

function mountWebhooks(app: Express, web: WebOptions, metrics: Metrics): void {
  app.use(['/webhooks', '/webhook'], webhookTiming(metrics.webhookSeconds), rateLimitOf('webhooks'))
  app.use('/webhooks', bodyDeadline(SMALL_BODY_MS), web.carrierWebhooks)
  app.use('/webhook', bodyDeadline(REPORT_BODY_MS), web.agentWebhooks)
}

function adminApi({ adminRoutes, api, recordWrite }: WebOptions): Router {
  const document = openApiDocument(adminRoutes, API_ROOT, api)
  const router = routerOf(adminRoutes, recordWrite)
  router.get('/openapi.json', async (_req, res) => {
    await ownTurn()
    res.json(document)
  })
  return router
}

function mountConsole(app: Express, web: WebOptions, auth: Auth, allowed: RequestHandler): void {
  app.use('/console', bodyDeadline(SMALL_BODY_MS))
  app.use('/console/session', allowed, auth.sessionRoutes)
  app.get('/', allowed, auth.rememberAdmin)
  app.use(allowed, web.console)
}

/** Pages of ours load from us alone; `'self'` covers WebSockets of the same host too (CSP level 3, section 6.7.2.8). */
function securityHeaders(): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        imgSrc: ["'self'", 'data:'],
        objectSrc: ["'none'"],
      },
    },
  })
}
