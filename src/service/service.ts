import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { callMachine } from '../../machines/call.machine.ts'
import type { CallHost } from '../calls/call-host.ts'
import { chartDefinition } from '../calls/chart-definition.ts'
import { effectHandlers } from '../calls/effects.ts'
import type { CallFeed } from '../calls/feed.ts'
import { mediaCalls } from '../calls/media-calls.ts'
import type { Config, Role } from '../config.ts'
import { adminRoutes } from '../http/admin-routes.ts'
import { createAddressCheck } from '../http/allowed-ips.ts'
import { createApp } from '../http/app.ts'
import { recordSessions, recordWrites } from '../http/audit.ts'
import { type Auth, createAuth } from '../http/auth.ts'
import { consoleRoutes } from '../http/console-routes.ts'
import type { Health } from '../http/health-routes.ts'
import { postCallRoutes } from '../http/post-call-routes.ts'
import { wrongKeyLimit } from '../http/rate-limits.ts'
import { responseTimes } from '../http/response-times.ts'
import { createSideApp } from '../http/side-app.ts'
import { refuseUnclaimedUpgrades } from '../http/unclaimed-upgrades.ts'
import { systemClock } from '../media/clock.ts'
import { type MediaRoute, MediaServer } from '../media/media-server.ts'
import { createMetrics, type Metrics } from '../metrics.ts'
import { createSipLegStore, type SipLegStore } from '../persistence/sip-leg-store.ts'
import type { SettingInUse } from '../settings-in-use.ts'
import type { SipAdapter } from '../telephony/sip/adapter.ts'
import { ForkStream } from '../telephony/sip/fork-stream.ts'
import { sipTelephony } from '../telephony/sip/sip-telephony.ts'
import { type TwilioAdapter, twilioAdapter } from '../telephony/twilio/adapter.ts'
import type { CallerVoices } from '../voices/caller-voices.ts'
import { createCalls } from './call-parts.ts'
import { carrierCalls } from './carrier-calls.ts'
import { NodeLife } from './node-life.ts'
import { originTowardFreeSwitch } from './own-address.ts'
import { relayMetrics } from './relay-metrics.ts'
import { createSip } from './sip-parts.ts'
import { readSounds, type Sounds } from './sounds.ts'
import type { Storage } from './storage.ts'
import { VendorHealth } from './vendor-health.ts'
import { createVoiceAgents, type VoiceAgents } from './voice-agents.ts'
import { createVoices, type VoiceParts } from './voice-parts.ts'

const IDLE_CHECK_MS = 200
const HEALTH_CHECK_MS = 2_000
/** A carrier's next webhook is a round trip away. */
const LAST_WEBHOOKS_MS = 1_000
/** Headers come in one piece from everybody who means well; a body may be an upload from far away and has Node's five minutes. */
const SLOW_CLIENTS = { headersTimeout: 10_000, connectionsCheckingInterval: 2_000 }
const CONSOLE = new URL('../../dist/console/', import.meta.url).pathname
const CALLER_SAMPLE = new URL('../simulator/assets/caller-sample.wav', import.meta.url).pathname

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
  readonly #vendors: VendorHealth
  readonly #media: MediaServer
  readonly #sipLegs: SipLegStore
  readonly #stopping = new AbortController()
  #sip: SipAdapter | null = null
  #isDraining = false
  /** Nothing more can be done for a call here: whoever asks is to ask again when another process answers. */
  #isLeaving = false

  private constructor(options: ServiceOptions & { sounds: Sounds }) {
    const { config, storage, log } = options
    this.#config = config
    this.#isAllowedAddress = createAddressCheck(config.admin.allowedIps)
    this.#storage = storage
    this.#log = log
    this.#metrics = createMetrics()
    this.#relay = relayMetrics(this.#metrics)
    this.#node = new NodeLife({
      ...{ storage, roles: config.roles, log },
      calls: () => ({ host: this.#host, feed: this.#feed }),
      onGone: () => this.#endAbandonedCalls(),
    })
    this.#sipLegs = createSipLegStore(storage.database, this.#node.id)
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
    const { policy } = this.#voices
    this.#vendors = new VendorHealth({ config, agents: this.#agents, twilio: this.#twilio, policy, log })
    this.#media = this.#createMedia()
    this.auth = createAuth({
      ...{ adminKey: options.adminKey, wrongKeys: wrongKeyLimit() },
      onSession: recordSessions({ audit: storage.audit, log }),
    })
    this.server = createServer(SLOW_CLIENTS, this.#createApp(options))
    if (this.#plays('media')) {
      for (const { path } of this.#mediaRoutes()) this.upgradePaths.add(path)
      this.#media.attach(this.server)
    }
    refuseUnclaimedUpgrades(this.server, this.upgradePaths)
  }

  /** Resolves when calls can be taken; what was opened before a failure is closed again. */
  static async start(options: ServiceOptions): Promise<Service> {
    const service = new Service({ ...options, sounds: await readSounds() })
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
    if (this.#plays('media')) await this.#node.registry.announceRelay(null)
    const deadline = Date.now() + this.#config.drainMs
    while (Date.now() < deadline && (await this.#liveCalls()) > 0) await sleep(IDLE_CHECK_MS)
  }

  /** Closes everything; calls that still live go on at another node, or here after the next start. */
  async stop(): Promise<void> {
    this.#isDraining = true
    await this.#sip?.stop()
    this.#stopping.abort()
    await this.#leaveStreams()
    const closed = new Promise((resolve) => this.server.close(resolve))
    this.server.closeAllConnections()
    await closed
    this.#vendors.stop()
    await this.#voices.greeting.stop()
    await this.#host.stop()
    await this.#node.stop()
    await this.#storage.close()
  }

  /** A carrier whose stream is closed asks at once what comes next, and is to find somebody. */
  async #leaveStreams(): Promise<void> {
    const hasCallers = this.#media.liveSessions > 0
    this.#isLeaving = true
    await this.#media.stop()
    if (hasCallers) await sleep(LAST_WEBHOOKS_MS)
  }

  async #start(): Promise<void> {
    const { host, port } = this.#config.http
    const legJobs = effectHandlers({
      host: this.#host,
      log: this.#log,
      telephony: { twilio: this.#twilio.telephony, sip: sipTelephony },
      recordCloneTimeout: (sampleKey) => this.#storage.voices.log({ sampleKey, result: 'timed_out' }),
    })
    // A voice vendor that hangs must not keep a leg from being moved or hung up.
    await this.#node.start(this.#plays('worker') ? [legJobs, this.#voices.jobs] : [])
    this.#host.start()
    this.#vendors.start()
    if (!this.#config.roles.every((role) => role === 'media')) this.#voices.greeting.start()
    this.server.listen(port, host)
    await once(this.server, 'listening')
    if (this.#config.sip.enabled) await this.#startSip()
  }

  async #startSip(): Promise<void> {
    const origin = await originTowardFreeSwitch(this.#config, this.port)
    const relay = origin.replace(/^http/, 'ws')
    const { registry } = this.#node
    if (this.#plays('media')) await registry.announceRelay(relay)
    if (!this.#plays('sip')) return
    this.#sip = await createSip({
      ...{ config: this.#config, host: this.#host, feed: this.#feed, register: this.#sipLegs, origin },
      ...{ metrics: this.#metrics, log: this.#log, stopping: this.#stopping.signal },
      agentRates: (callId) => this.#storage.agentAudio.ratesFor(callId),
      greetingKey: () => this.#voices.greeting.key,
      // The relay of this very process needs no looking for, and is gone when the leg is.
      relays: this.#plays('media') ? async () => relay : () => registry.findRelay(),
      isDraining: () => this.#isDraining,
    })
    this.#sip.start()
  }

  /** Whoever held their legs is gone: the calls are over. The legs themselves are left to those who can reach them. */
  async #endAbandonedCalls(): Promise<void> {
    for (const callId of await this.#sipLegs.abandonedCalls()) {
      await this.#host.send({ callId }, { type: 'leg.ended', status: 'holder-lost' })
    }
  }

  #plays(role: Role): boolean {
    return this.#config.roles.includes(role)
  }

  #mediaRoutes(): MediaRoute[] {
    const sip = { path: '/sip-media/', codec: () => new ForkStream() }
    return this.#config.sip.enabled ? [this.#twilio.mediaRoute, sip] : [this.#twilio.mediaRoute]
  }

  #createTwilio(): TwilioAdapter {
    const config = this.#config
    const { greeting, twilio, calls, http } = config
    return twilioAdapter({
      ...twilio,
      publicUrl: http.publicUrl,
      calls: carrierCalls(this.#host, 'twilio', (seconds) => this.#metrics.greetingSeconds.observe(seconds)),
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
      isLeaving: () => this.#isLeaving,
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
        agentAudio: this.#storage.agentAudio,
        agent: (id) => this.#agents.settingsOf(id, this.#storage.agents),
        onRefused: () => this.#metrics.httpRejections.inc({ reason: 'stream_refused' }),
      }),
      agent: this.#agents.agent,
      clock: systemClock,
      metrics: this.#relay,
      log: this.#log,
      silenceTimeoutMs: this.#config.calls.silenceTimeoutMs,
      routes: this.#mediaRoutes(),
    })
  }

  #createApp({ sounds, settings, kill }: ServiceOptions & { sounds: Sounds }) {
    const config = this.#config
    const { queries, live, conversations, agents, assets, audit, voiceQueries } = this.#storage
    const shared: Parameters<typeof createSideApp>[0] = {
      trustProxy: config.http.trustProxy,
      log: this.#log,
      metrics: this.#metrics,
      refreshMetrics: () => this.#refreshMetrics(),
      auth: this.auth,
      isAllowedAddress: this.#isAllowedAddress,
      health: () => this.#health(),
      audio: { assets, ...sounds, roundMs: config.calls.pollIntervalMs },
    }
    if (!this.#plays('web')) return createSideApp(shared)
    return createApp({
      ...shared,
      carrierWebhooks: this.#twilio.webhooks,
      agentWebhooks: postCallRoutes({
        open: this.#agents.openPostCall,
        keep: (part) => conversations.keepReport(part),
      }),
      adminRoutes: adminRoutes({
        ...{ queries, live, conversations, agents, audit, voiceQueries, settings: () => settings },
        ...{ calls: this.#host, voices: this.#voices.callerVoices, kill },
        follow: (follower) => this.#feed.follow(follower),
        responseTimes: () => responseTimes(this.#metrics.webhookSeconds),
        machines: { call: chartDefinition(callMachine) },
      }),
      recordWrite: recordWrites({ audit, adminOf: (req) => this.auth.adminOf(req), log: this.#log }),
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
          canBeKilled: kill !== null,
        },
      }),
    })
  }

  async #liveCalls(): Promise<number> {
    const held = this.#media.liveSessions + (this.#sip?.liveLegs ?? 0)
    return held + (await this.#storage.calls.countLive(this.#node.id))
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
    const isReachable = active !== null && this.#node.hearsOthers
    const isFull = (active ?? 0) >= this.#config.calls.maxConcurrent
    const sip = isReachable ? await this.#sipHealth() : 'unknown'
    return {
      status: this.#isDraining
        ? 'draining'
        : !isReachable
          ? 'database unreachable'
          : isFull
            ? 'full'
            : this.#sip && !this.#plays('web')
              ? sip
              : 'ok',
      database: !isReachable ? 'unreachable' : this.#node.takesJobs ? 'ok' : 'jobs are not taken',
      ...(await this.#vendors.read()),
      sip,
    }
  }

  /** Of legs that another process holds, only that it is there. */
  async #sipHealth(): Promise<string> {
    if (!this.#config.sip.enabled) return 'disabled'
    if (this.#plays('sip')) return this.#sip?.health ?? 'starting'
    return (await this.#node.registry.hasRole('sip')) ? 'ok' : 'no process holds SIP legs'
  }
}
