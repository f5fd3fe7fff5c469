import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { callMachine } from '../../machines/call.machine.ts'
import { HOLD_TRACK } from '../audio/hold-track.ts'
import type { CallHost } from '../calls/call-host.ts'
import { chartDefinition } from '../calls/chart-definition.ts'
import { effectHandlers } from '../calls/effects.ts'
import type { CallFeed } from '../calls/feed.ts'
import { mediaCalls } from '../calls/media-calls.ts'
import type { Config } from '../config.ts'
import { adminRoutes } from '../http/admin-routes.ts'
import { createAddressCheck } from '../http/allowed-ips.ts'
import { createApp } from '../http/app.ts'
import { type Auth, createAuth } from '../http/auth.ts'
import { consoleRoutes } from '../http/console-routes.ts'
import type { Health } from '../http/health-routes.ts'
import { postCallRoutes } from '../http/post-call-routes.ts'
import { wrongKeyLimit } from '../http/rate-limits.ts'
import { responseTimes } from '../http/response-times.ts'
import { refuseUnclaimedUpgrades } from '../http/unclaimed-upgrades.ts'
import { systemClock } from '../media/clock.ts'
import { MediaServer } from '../media/media-server.ts'
import { createMetrics, type Metrics } from '../metrics.ts'
import { type TwilioAdapter, twilioAdapter } from '../telephony/twilio/adapter.ts'
import { silentTelephony } from '../telephony/twilio/rest.ts'
import type { CallerVoices } from '../voices/caller-voices.ts'
import { createCalls } from './call-parts.ts'
import { NodeLife } from './node-life.ts'
import { relayMetrics } from './relay-metrics.ts'
import type { Storage } from './storage.ts'
import { twilioCalls } from './twilio-calls.ts'
import { createVoiceAgents, type VoiceAgents } from './voice-agents.ts'
import { createVoices, type VoiceParts } from './voice-parts.ts'

const IDLE_CHECK_MS = 200
const HEALTH_CHECK_MS = 2_000
/** Headers come in one piece from everybody who means well; a body may be an upload from far away and has Node's five minutes. */
const SLOW_CLIENTS = { headersTimeout: 10_000, connectionsCheckingInterval: 2_000 }
const CONSOLE = new URL('../../dist/console/', import.meta.url).pathname
const CALLER_SAMPLE = new URL('../simulator/assets/caller-sample.wav', import.meta.url).pathname

export type ServiceOptions = { config: Config; adminKey: string; storage: Storage; log: Logger }

/** The whole service in one process: built here, started, drained and stopped. */
export class Service {
  readonly server: Server
  readonly auth: Auth
  /** Where WebSockets are taken: whoever listens for upgrades on `server` adds its path, and the rest get a 404. */
  readonly upgradePaths = new Set<string>()
  readonly #config: Config
  readonly #isAllowedAddress: ReturnType<typeof createAddressCheck>
  readonly #storage: Storage
  readonly #log: Logger
  readonly #metrics: Metrics
  readonly #relay: ReturnType<typeof relayMetrics>
  readonly #node: NodeLife
  readonly #host: CallHost
  readonly #feed: CallFeed
  readonly #agents: VoiceAgents
  readonly #voices: VoiceParts
  readonly #twilio: TwilioAdapter
  readonly #media: MediaServer
  #isDraining = false

  private constructor(options: ServiceOptions & { holdTrack: Buffer }) {
    const { config, storage, log } = options
    this.#config = config
    this.#isAllowedAddress = createAddressCheck(config.admin.allowedIps)
    this.#storage = storage
    this.#log = log
    this.#metrics = createMetrics()
    this.#relay = relayMetrics(this.#metrics)
    this.#node = new NodeLife(storage, () => ({ host: this.#host, feed: this.#feed }), log)
    const isDraining = () => this.#isDraining
    const calls = createCalls({
      storage,
      config,
      metrics: this.#metrics,
      nodeId: this.#node.id,
      isDraining,
      log,
    })
    this.#host = calls.host
    this.#feed = calls.feed
    this.#agents = createVoiceAgents(config, log)
    this.#voices = createVoices({
      ...{ storage, config, log, metrics: this.#metrics, vendor: this.#agents.voiceVendor },
      announce: (sampleKey, event) => this.#host.announceVoice(sampleKey, event),
    })
    this.#twilio = this.#createTwilio()
    this.#media = this.#createMedia()
    this.upgradePaths.add(this.#twilio.mediaRoute.path)
    this.auth = createAuth({ adminKey: options.adminKey, wrongKeys: wrongKeyLimit() })
    this.server = createServer(SLOW_CLIENTS, this.#createApp(options.holdTrack))
    this.#media.attach(this.server)
    refuseUnclaimedUpgrades(this.server, this.upgradePaths)
  }

  /** Resolves when calls can be taken; what was opened before a failure is closed again. */
  static async start(options: ServiceOptions): Promise<Service> {
    const service = new Service({ ...options, holdTrack: await readFile(HOLD_TRACK) })
    try {
      await service.#start()
    } catch (error) {
      await service.stop()
      throw error
    }
    return service
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  /** For what does not pass through Express: the key or a session, from an address that may show it. */
  mayAdmin(request: IncomingMessage): boolean {
    return this.#isAllowedAddress(request.socket.remoteAddress) && this.auth.isAdmin(request)
  }

  get callerVoices(): CallerVoices {
    return this.#voices.callerVoices
  }

  /** Takes no new calls and resolves when the live ones are over, or their time is. */
  async drain(): Promise<void> {
    this.#isDraining = true
    const deadline = Date.now() + this.#config.drainMs
    while (Date.now() < deadline && (await this.#liveCalls()) > 0) await sleep(IDLE_CHECK_MS)
  }

  /** Closes everything; calls that still live go on at another node, or here after the next start. */
  async stop(): Promise<void> {
    this.#isDraining = true
    await this.#media.stop()
    const closed = new Promise((resolve) => this.server.close(resolve))
    this.server.closeAllConnections()
    await closed
    await this.#voices.greeting.stop()
    await this.#host.stop()
    await this.#node.stop()
    await this.#storage.close()
  }

  async #start(): Promise<void> {
    const { host, port } = this.#config.http
    const legJobs = effectHandlers({
      host: this.#host,
      log: this.#log,
      telephony: { twilio: this.#twilio.telephony, sip: silentTelephony },
      recordCloneTimeout: (sampleKey) => this.#storage.voices.log({ sampleKey, result: 'timed_out' }),
    })
    // A voice vendor that hangs must not keep a leg from being moved or hung up.
    await this.#node.start([legJobs, this.#voices.jobs])
    this.#host.start()
    this.#voices.greeting.start()
    this.server.listen(port, host)
    await once(this.server, 'listening')
  }

  #createTwilio(): TwilioAdapter {
    const config = this.#config
    const { greeting, twilio, calls, http } = config
    return twilioAdapter({
      ...twilio,
      publicUrl: http.publicUrl,
      calls: twilioCalls(this.#host, (seconds) => this.#metrics.greetingSeconds.observe(seconds)),
      greeting: () => {
        const { key, text } = this.#voices.greeting
        return { path: key && `/audio/greeting/${key}.wav`, text }
      },
      hold: {
        // The length is in the name because carriers keep what they have played.
        pathOf: greeting.musicEnabled
          ? (round) => `/audio/hold/${round}.wav?ms=${calls.pollIntervalMs}`
          : null,
        url: greeting.musicEnabled ? greeting.musicUrl : null,
        roundMs: calls.pollIntervalMs,
      },
      onRejected: (reason) => this.#metrics.httpRejections.inc({ reason }),
      log: this.#log,
    })
  }

  #createMedia(): MediaServer {
    return new MediaServer({
      calls: mediaCalls({
        host: this.#host,
        feed: this.#feed,
        conversations: this.#storage.conversations,
        agent: (id) => this.#agents.settingsOf(id, this.#storage.agents),
        onRefused: () => this.#metrics.httpRejections.inc({ reason: 'stream_refused' }),
      }),
      agent: this.#agents.agent,
      clock: systemClock,
      metrics: this.#relay,
      log: this.#log,
      silenceTimeoutMs: this.#config.calls.silenceTimeoutMs,
      routes: [this.#twilio.mediaRoute],
    })
  }

  #createApp(holdTrack: Buffer) {
    const config = this.#config
    const { queries, live, conversations, agents, assets } = this.#storage
    return createApp({
      trustProxy: config.http.trustProxy,
      log: this.#log,
      metrics: this.#metrics,
      refreshMetrics: () => this.#refreshMetrics(),
      auth: this.auth,
      isAllowedAddress: this.#isAllowedAddress,
      health: () => this.#health(),
      audio: { assets, holdTrack, roundMs: config.calls.pollIntervalMs },
      carrierWebhooks: this.#twilio.webhooks,
      agentWebhooks: postCallRoutes({
        open: this.#agents.openPostCall,
        keep: (part) => conversations.keepReport(part),
      }),
      adminRoutes: adminRoutes({
        ...{ queries, live, conversations, agents, calls: this.#host, voices: this.#voices.callerVoices },
        follow: (follower) => this.#feed.follow(follower),
        responseTimes: () => responseTimes(this.#metrics.webhookSeconds),
        machines: { call: chartDefinition(callMachine) },
      }),
      api: {
        title: 'VoiceClone Pre-Call Service',
        version: '1',
        description: 'Calls, voices and agents of the pre-call service.',
      },
      console: consoleRoutes({
        auth: this.auth,
        assetsDir: CONSOLE,
        callerSample: CALLER_SAMPLE,
        config: {
          carrier: config.carrier,
          agentVendor: config.agentVendor,
          phoneNumber: config.twilio.phoneNumber,
        },
      }),
    })
  }

  async #liveCalls(): Promise<number> {
    return this.#media.liveSessions + (await this.#storage.calls.countLive(this.#node.id))
  }

  async #refreshMetrics(): Promise<void> {
    this.#relay.publish()
    this.#metrics.callsActive.reset()
    for (const { provider, state, count } of await this.#storage.queries.countByState()) {
      this.#metrics.callsActive.set({ provider, state }, count)
    }
  }

  async #health(): Promise<Health> {
    const active = await Promise.race([
      this.#storage.queries.countByState().then((rows) => rows.reduce((sum, row) => sum + row.count, 0)),
      sleep(HEALTH_CHECK_MS, null, { ref: false }),
    ]).catch(() => null)
    const database = active === null || !this.#node.hearsOthers ? 'unreachable' : 'ok'
    const isFull = (active ?? 0) >= this.#config.calls.maxConcurrent
    const { carrier, agentVendor, twilio } = this.#config
    return {
      status: this.#isDraining
        ? 'draining'
        : database !== 'ok'
          ? 'database unreachable'
          : isFull
            ? 'full'
            : 'ok',
      database,
      elevenlabs: agentVendor === 'simulated' ? 'simulated' : this.#voices.policy.state,
      twilio: carrier === 'simulated' ? 'simulated' : twilio.accountSid ? 'ok' : 'no REST credentials',
      sip: 'disabled',
    }
  }
}
