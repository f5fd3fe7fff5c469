import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Logger } from 'pino'
import type { CallHost } from '../calls/call-host.ts'
import type { CallFeed } from '../calls/feed.ts'
import type { Config } from '../config.ts'
import { createAddressCheck } from '../http/allowed-ips.ts'
import { createApp } from '../http/app.ts'
import { recordKeys } from '../http/audit.ts'
import { createAuth } from '../http/auth.ts'
import { wrongKeyLimit } from '../http/rate-limits.ts'
import { refuseUnclaimedUpgrades } from '../http/unclaimed-upgrades.ts'
import type { MediaRoute, MediaServer } from '../media/media-server.ts'
import type { Metrics } from '../metrics.ts'
import type { SettingInUse } from '../settings-in-use.ts'
import type { TwilioAdapter } from '../telephony/twilio/adapter.ts'
import type { CallerVoices } from '../voices/caller-voices.ts'
import type { NodeHealth } from './node-health.ts'
import type { relayMetrics } from './relay-metrics.ts'
import type { Sounds } from './sounds.ts'
import type { Storage } from './storage.ts'
import type { VoiceAgents } from './voice-agents.ts'
import { createWeb } from './web-parts.ts'

const CONNECTIONS = {
  /** Headers come in one piece from everybody who means well; a body may be an upload from far away and has Node's five minutes. */
  headersTimeout: 10_000,
  connectionsCheckingInterval: 2_000,
  /** Proxies and load balancers keep idle connections for a minute; were we the first to close one, a webhook on its way would be lost. */
  keepAliveTimeout: 75_000,
}

export type HttpParts = {
  server: Server
  /** Where WebSockets are taken: whoever listens for upgrades on `server` adds its path, and the rest get a 404. */
  upgradePaths: Set<string>
  /** For what does not pass through Express: the key or a session, from an address that may show it. */
  mayAdmin(request: IncomingMessage): boolean
}

/** The server that all of HTTP and WebSocket comes to; it does not listen yet. */
export function createHttp(parts: {
  config: Config
  settings: SettingInUse[]
  kill: (() => void) | null
  adminKey: string
  storage: Storage
  sounds: Sounds
  metrics: Metrics
  relay: ReturnType<typeof relayMetrics>
  health: NodeHealth
  media: MediaServer
  routes: MediaRoute[]
  host: CallHost
  feed: CallFeed
  agents: VoiceAgents
  twilio: TwilioAdapter
  callerVoices: CallerVoices
  log: Logger
}): HttpParts {
  const { config, storage, metrics, log } = parts
  const auth = createAuth({
    ...{ adminKey: parts.adminKey, wrongKeys: wrongKeyLimit() },
    onKey: recordKeys({ audit: storage.audit, log }),
  })
  const isAllowedAddress = createAddressCheck(config.admin.allowedIps)
  const app = createApp({
    ...{ trustProxy: config.http.trustProxy, log, metrics, auth, isAllowedAddress },
    refreshMetrics: async () => {
      parts.relay.publish()
      await countActiveCalls(storage, metrics)
    },
    health: () => parts.health.read(),
    audio: { assets: storage.assets, ...parts.sounds, roundMs: config.calls.pollIntervalMs },
    web: config.roles.includes('web') ? createWeb({ ...parts, auth }) : null,
  })
  const server = createServer(CONNECTIONS, app)
  const upgradePaths = new Set<string>()
  if (config.roles.includes('media')) {
    for (const { path } of parts.routes) upgradePaths.add(path)
    parts.media.attach(server)
  }
  refuseUnclaimedUpgrades(server, upgradePaths)
  return {
    ...{ server, upgradePaths },
    mayAdmin: (request) => isAllowedAddress(request.socket.remoteAddress) && auth.isAdmin(request),
  }
}

async function countActiveCalls({ queries }: Storage, { callsActive }: Metrics): Promise<void> {
  callsActive.reset()
  for (const { provider, state, count } of await queries.countByState()) {
    callsActive.set({ provider, state }, count)
  }
}
