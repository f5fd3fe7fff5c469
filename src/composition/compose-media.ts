import type { IncomingMessage } from 'node:http'
import type { Logger } from 'pino'
import type { CallHost } from '../calls/call-host.ts'
import { mediaCalls } from '../calls/media-calls.ts'
import type { ReportKeeper } from '../calls/report-keeper.ts'
import type { CallFeed } from '../calls/view.ts'
import type { Config } from '../config/config.ts'
import type { MediaMetrics } from '../media/media-metrics.ts'
import { type MediaRoute, MediaServer } from '../media/media-server.ts'
import type { Metrics } from '../observability/metrics.ts'
import { systemClock } from '../runtime/clock.ts'
import { ForkStream } from '../telephony/sip/audio-fork-codec.ts'
import type { Sounds } from './sounds.ts'
import type { Storage } from './storage.ts'
import type { VoiceAgents } from './voice-agents.ts'

/** Where the streams of the carriers come in. */
export const mediaRoutes = ({ sip }: Config, twilio: MediaRoute): MediaRoute[] =>
  sip.enabled ? [twilio, { path: '/sip-media/', codec: () => new ForkStream() }] : [twilio]

/** The part that joins the carriers' streams to the voice agents. */
export function createMedia(parts: {
  config: Config
  routes: MediaRoute[]
  /** Who opens a stream, through the proxies that are trusted. */
  addressOf: (request: IncomingMessage) => string | undefined
  host: CallHost
  feed: CallFeed
  reports: ReportKeeper
  storage: Storage
  agents: VoiceAgents
  relay: MediaMetrics
  metrics: Metrics
  sounds: Sounds
  log: Logger
}): MediaServer {
  const { config, routes, addressOf, host, feed, reports, storage, agents, relay, metrics, sounds, log } =
    parts
  const { conversations, agentAudio } = storage
  return new MediaServer({
    calls: mediaCalls({
      host,
      feed,
      reports,
      conversations,
      agentAudio,
      log,
      agent: (id) => agents.settingsOf(id, storage.agents),
      onRefused: () => metrics.httpRejections.inc({ reason: 'stream_refused' }),
    }),
    agent: agents.agent,
    clock: systemClock,
    metrics: relay,
    silenceTimeoutMs: config.calls.silenceTimeoutMs,
    waitingTrack: sounds.holdTrack,
    routes,
    addressOf,
    log,
  })
}
