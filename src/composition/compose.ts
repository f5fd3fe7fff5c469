import type { Logger } from 'pino'
import { v7 as uuidv7 } from 'uuid'
import type { HostedActors } from '../actors/hosted-actors.ts'
import { BridgeKeeper } from '../calls/bridge-keeper.ts'
import type { CallHost } from '../calls/call-host.ts'
import type { Provider } from '../calls/ports.ts'
import type { ReportKeeper } from '../calls/report-keeper.ts'
import type { CallFeed } from '../calls/view.ts'
import type { Config } from '../config/config.ts'
import type { SettingInUse } from '../config/effective-settings.ts'
import { clientAddresses } from '../http/client-address.ts'
import type { MediaServer } from '../media/media-server.ts'
import { NodeHealth } from '../node/node-health.ts'
import { NodeLife } from '../node/node-life.ts'
import { VendorHealth } from '../node/vendor-health.ts'
import { PhoneNumbers } from '../numbers/phone-numbers.ts'
import { createMetrics, type Metrics } from '../observability/metrics.ts'
import type { JobDispatcher } from '../persistence/job-dispatcher.ts'
import { createSipLegStore, type SipLegStore } from '../persistence/sip-leg-store.ts'
import { loopDelay } from '../runtime/loop-delay.ts'
import type { TwilioAdapter } from '../telephony/twilio/adapter.ts'
import { createCalls } from './compose-calls.ts'
import { createHttp, type HttpParts } from './compose-http.ts'
import { createMedia, mediaRoutes } from './compose-media.ts'
import { createTwilio } from './compose-twilio.ts'
import { createVoices, type VoiceParts } from './compose-voices.ts'
import { relayMetrics } from './relay-metrics.ts'
import type { Sounds } from './sounds.ts'
import type { Storage } from './storage.ts'
import { createVoiceAgents } from './voice-agents.ts'

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
export type ShutdownState = {
  /** It takes no new calls. */
  isDraining: boolean
  /** It can do nothing more for a call: whoever asks is to ask again when another process answers. */
  isLeaving: boolean
}

/** What one process is made of, joined and not yet begun. */
export type Parts = {
  metrics: Metrics
  numbers: PhoneNumbers
  host: CallHost
  feed: CallFeed
  /** Every kind of actors that this process hosts. */
  actors: readonly HostedActors[]
  dispatcher: JobDispatcher
  reports: ReportKeeper
  node: NodeLife
  sipLegs: SipLegStore
  voices: VoiceParts
  twilio: TwilioAdapter
  media: MediaServer
  vendors: VendorHealth
  http: HttpParts
}

export function createParts(
  options: ServiceOptions & { sounds: Sounds; standing: ShutdownState; sipHealth: () => string | null },
): Parts {
  const { config, storage, log, standing } = options
  const nodeId = uuidv7()
  const metrics = createMetrics()
  loopDelay.tell((lateMs) => metrics.loopStallSeconds.observe(lateMs / 1000))
  const relay = relayMetrics(metrics)
  const numbers = new PhoneNumbers(config.calls.defaultCountry)
  const shared = { config, storage, numbers, metrics, log }
  const isDraining = () => standing.isDraining
  // A call that reaches a node which is told to stop is taken, as long as another one is there to go on with it.
  // A SIP leg cannot be handed over, whoever lives.
  const takesNoCalls = (provider: Provider) =>
    standing.isDraining && (provider === 'sip' || !node.registry.hasSuccessor)

  const { host, feed, announcer, dispatcher, reports } = createCalls({
    ...shared,
    nodeId,
    isDraining: takesNoCalls,
  })
  const actors = [{ host: host.actors, feed, announcer }]
  const agents = createVoiceAgents(config, log)
  const voices = createVoices({
    ...shared,
    vendor: agents.voiceVendor,
    announce: (sampleKey, event) => host.announceVoice(sampleKey, event),
  })
  const { greeting, policy, callerVoices } = voices
  const twilio = createTwilio({ ...shared, host, reports, greeting, isLeaving: () => standing.isLeaving })
  const routes = mediaRoutes(config, twilio.mediaRoute)
  const media = createMedia({
    ...shared,
    sounds: options.sounds,
    routes,
    host,
    feed,
    reports,
    agents,
    relay,
    addressOf: clientAddresses(config.http.trustProxy),
  })

  const sipLegs = createSipLegStore(storage.database, nodeId)
  const bridges = new BridgeKeeper({
    nodeId,
    register: storage.bridges,
    sessions: () => media.sessions,
    send: (callId, event) => host.send({ callId }, event),
    refresh: (callId) => feed.refresh(callId),
  })
  const node = new NodeLife({ ...shared, id: nodeId, roles: config.roles, host, actors, sipLegs, bridges })
  const vendors = new VendorHealth({ config, agents, twilio, policy, log })
  const health = new NodeHealth({
    config,
    node,
    vendors,
    isDraining,
    queries: storage.queries,
    trunks: storage.trunks,
    sip: options.sipHealth,
  })
  const http = createHttp({
    ...options,
    nodeId,
    clock: node.heartbeat.clock,
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
    numbers,
  })
  return {
    metrics,
    numbers,
    host,
    feed,
    actors,
    dispatcher,
    reports,
    node,
    sipLegs,
    voices,
    twilio,
    media,
    vendors,
    http,
  }
}
