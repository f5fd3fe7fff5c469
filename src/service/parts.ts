import type { Logger } from 'pino'
import { v7 as uuidv7 } from 'uuid'
import type { CallHost } from '../calls/call-host.ts'
import type { CallFeed } from '../calls/feed.ts'
import type { Config } from '../config.ts'
import type { MediaServer } from '../media/media-server.ts'
import { createMetrics, type Metrics } from '../metrics.ts'
import { createSipLegStore, type SipLegStore } from '../persistence/sip-leg-store.ts'
import type { SettingInUse } from '../settings-in-use.ts'
import type { TwilioAdapter } from '../telephony/twilio/adapter.ts'
import { createCalls } from './call-parts.ts'
import { createHttp, type HttpParts } from './http-parts.ts'
import { createMedia, mediaRoutes } from './media-parts.ts'
import { NodeHealth } from './node-health.ts'
import { NodeLife } from './node-life.ts'
import { relayMetrics } from './relay-metrics.ts'
import type { Sounds } from './sounds.ts'
import type { Storage } from './storage.ts'
import { createTwilio } from './twilio-parts.ts'
import { VendorHealth } from './vendor-health.ts'
import { createVoiceAgents } from './voice-agents.ts'
import { createVoices, type VoiceParts } from './voice-parts.ts'

export type ServiceOptions = {
  config: Config
  /** For the console to show. */
  settings: SettingInUse[]
  /** Ends the process as a crash would; null when nobody would start it again. */
  kill: (() => void) | null
  adminKey: string
  storage: Storage
  log: Logger
}

/** How far a process is on its way out. */
export type Standing = {
  /** It takes no new calls. */
  isDraining: boolean
  /** It can do nothing more for a call: whoever asks is to ask again when another process answers. */
  isLeaving: boolean
}

/** What one process is made of, joined and not yet begun. */
export type Parts = {
  metrics: Metrics
  host: CallHost
  feed: CallFeed
  node: NodeLife
  sipLegs: SipLegStore
  voices: VoiceParts
  twilio: TwilioAdapter
  media: MediaServer
  vendors: VendorHealth
  http: HttpParts
}

export function createParts(
  options: ServiceOptions & { sounds: Sounds; standing: Standing; sipHealth: () => string | null },
): Parts {
  const { config, storage, log, standing } = options
  const nodeId = uuidv7()
  const metrics = createMetrics()
  const relay = relayMetrics(metrics)
  const shared = { config, storage, metrics, log }
  const isDraining = () => standing.isDraining

  const { host, feed } = createCalls({ ...shared, nodeId, isDraining })
  const agents = createVoiceAgents(config, log)
  const voices = createVoices({
    ...{ ...shared, vendor: agents.voiceVendor },
    announce: (sampleKey, event) => host.announceVoice(sampleKey, event),
  })
  const { greeting, policy, callerVoices } = voices
  const twilio = createTwilio({ ...shared, host, greeting, isLeaving: () => standing.isLeaving })
  const routes = mediaRoutes(config, twilio.mediaRoute)
  const media = createMedia({ ...shared, routes, host, feed, agents, relay })

  const sipLegs = createSipLegStore(storage.database, nodeId)
  const node = new NodeLife({ ...shared, id: nodeId, roles: config.roles, host, feed, sipLegs })
  const vendors = new VendorHealth({ config, agents, twilio, policy, log })
  const health = new NodeHealth({
    ...{ config, node, vendors, isDraining, queries: storage.queries, sip: options.sipHealth },
  })
  const http = createHttp({
    ...options,
    metrics,
    relay,
    health,
    media,
    routes,
    host,
    feed,
    agents,
    twilio,
    callerVoices,
  })
  return { metrics, host, feed, node, sipLegs, voices, twilio, media, vendors, http }
}
