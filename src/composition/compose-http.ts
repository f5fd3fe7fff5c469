import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Logger } from 'pino'
import type { CallHost } from '../calls/call-host.ts'
import type { CallFeed } from '../calls/view.ts'
import type { Config } from '../config/config.ts'
import type { SettingInUse } from '../config/effective-settings.ts'
import { createAddressCheck } from '../http/allowed-ips.ts'
import { createApp } from '../http/app.ts'
import { recordKeys } from '../http/audit/audit.ts'
import { clientAddresses } from '../http/client-address.ts'
import { wrongKeyLimit } from '../http/rate-limits.ts'
import { createAuth } from '../http/sessions/auth.ts'
import { refuseUnclaimedUpgrades, surviveResets } from '../http/upgrades.ts'
import type { MediaRoute, MediaServer } from '../media/media-server.ts'
import type { NodeHealth } from '../node/node-health.ts'
import type { PhoneNumbers } from '../numbers/phone-numbers.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { ClockOffset } from '../persistence/clock-offset.ts'
import type { TwilioAdapter } from '../telephony/twilio/adapter.ts'
import type { CallerVoices } from '../voices/caller-voices.ts'
import { createWeb } from './compose-web.ts'
import type { relayMetrics } from './relay-metrics.ts'
import type { Sounds } from './sounds.ts'
import type { Storage } from './storage.ts'
import type { VoiceAgents } from './voice-agents.ts'

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
  mayAdmin(request: IncomingMessage): Promise<boolean>
}

/** The server that all of HTTP and WebSocket comes to; it does not listen yet. */
export function createHttp(parts: {
  nodeId: string
  config: Config
  settings: SettingInUse[]
  kill: (() => void) | null
  adminKey: string
  storage: Storage
  sounds: Sounds
  metrics: Metrics
  relay: ReturnType<typeof relayMetrics>
  health: NodeHealth
  clock: ClockOffset
  media: MediaServer
  routes: MediaRoute[]
  host: CallHost
  feed: CallFeed
  agents: VoiceAgents
  twilio: TwilioAdapter
  callerVoices: CallerVoices
  numbers: PhoneNumbers
  log: Logger
}): HttpParts {
  const { config, storage, metrics, log } = parts
  const auth = createAuth({
    adminKey: parts.adminKey,
    wrongKeys: wrongKeyLimit(),
    endedSessions: storage.endedSessions,
    onKey: recordKeys({ audit: storage.audit, log }),
  })
  const addressOf = clientAddresses(config.http.trustProxy)
  const isAllowedAddress = createAddressCheck(config.admin.allowedIps)
  const app = createApp({
    nodeId: parts.nodeId,
    trustProxy: config.http.trustProxy,
    log,
    metrics,
    auth,
    addressOf,
    isAllowedAddress,
    refreshMetrics: async () => {
      parts.relay.publish()
      metrics.clockOffset.set((parts.clock.offsetMs ?? 0) / 1_000)
      await countActiveCalls(storage, metrics)
      if (config.sip.enabled) await publishTrunks(storage, metrics)
    },
    health: () => parts.health.read(),
    audio: { assets: storage.assets, ...parts.sounds, roundMs: config.calls.pollIntervalMs },
    web: config.roles.includes('web') ? createWeb({ ...parts, auth }) : null,
  })
  const server = createServer(CONNECTIONS, app)
  surviveResets(server)
  const upgradePaths = new Set<string>()
  if (config.roles.includes('media')) {
    for (const { path } of parts.routes) upgradePaths.add(path)
    parts.media.attach(server)
  }
  refuseUnclaimedUpgrades(server, upgradePaths)
  return {
    server,
    upgradePaths,
    mayAdmin: async (request) =>
      isAllowedAddress(addressOf(request)) && (await auth.isAdmin(request, addressOf(request))),
  }
}

async function countActiveCalls({ queries }: Storage, { callsActive }: Metrics): Promise<void> {
  callsActive.reset()
  for (const { provider, state, count } of await queries.countByState()) {
    callsActive.set({ provider, state }, count)
  }
}

/** Any node tells of all: what each trunk is like is in the database. */
async function publishTrunks({ trunks }: Storage, metrics: Metrics): Promise<void> {
  const { trunkCalls, trunkRegistered, trunkServerUp } = metrics
  for (const gauge of [trunkCalls, trunkRegistered, trunkServerUp]) gauge.reset()
  for (const {
    name: trunk,
    enabled,
    registration,
    server,
    optionsSeconds,
    standing,
  } of await trunks.list()) {
    trunkCalls.set({ trunk }, standing.liveCalls)
    if (!enabled) continue
    if (registration) trunkRegistered.set({ trunk }, Number(Boolean(standing.registration?.until)))
    if (server && optionsSeconds && standing.server)
      trunkServerUp.set({ trunk }, Number(standing.server.error === null))
  }
}
