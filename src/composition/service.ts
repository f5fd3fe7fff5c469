import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { deliveryHandlers } from '../actors/deliveries.ts'
import { effectHandlers } from '../calls/effects.ts'
import { readMessage } from '../calls/for-release-before.ts'
import { originTowardFreeSwitch, originTowardNodes } from '../config/advertised-address.ts'
import type { Role } from '../config/config.ts'
import { databaseSockets } from '../persistence/database-sockets.ts'
import { respellStoredNumbers } from '../persistence/stored-numbers.ts'
import { createTrunkRegister } from '../persistence/trunk-register.ts'
import { systemClock } from '../runtime/clock.ts'
import { withTimeout } from '../runtime/with-timeout.ts'
import type { SipAdapter } from '../telephony/sip/adapter.ts'
import { sipTelephony } from '../telephony/sip/sip-telephony.ts'
import type { CallerVoices } from '../voices/caller-voices.ts'
import { createParts, type Parts, type ServiceOptions, type ShutdownState } from './compose.ts'
import type { HttpParts } from './compose-http.ts'
import { createSip } from './compose-sip.ts'
import { readSounds, type Sounds } from './sounds.ts'

/** Answered within milliseconds where the database is there. */
const LOOK_MS = 500
const IDLE_CHECK_MS = 200
/** Live calls need not wait for a database that is away, and neither need those who stop this process. */
const DATABASE_PATIENCE_MS = 2_000
/** A process that ends waits no longer for the answer to any statement. */
const LAST_STATEMENT_MS = 2_000
/** A carrier's next webhook is a round trip away. */
const LAST_WEBHOOKS_MS = 1_000

/** The whole service in one process: started, drained and stopped. */
export class Service {
  readonly #options: ServiceOptions
  readonly #parts: Parts
  readonly #standing: ShutdownState = { isDraining: false, isLeaving: false }
  #sip: SipAdapter | null = null

  private constructor(options: ServiceOptions & { sounds: Sounds }) {
    this.#options = options
    this.#parts = createParts({
      ...options,
      standing: this.#standing,
      sipHealth: () => this.#sip?.health ?? null,
    })
  }

  /** Resolves when calls can be taken; what was opened before a failure is closed again. */
  static async start(options: ServiceOptions): Promise<Service> {
    const service = new Service({ ...options, sounds: await readSounds() })
    try {
      await service.#start()
    } catch (error) {
      const { log } = options
      await service.stop().catch((err) => log.warn({ err }, 'what had been started could not all be stopped'))
      throw error
    }
    return service
  }

  /** For the demo's telephones, which join us on the same port. */
  get http(): HttpParts {
    return this.#parts.http
  }

  get port(): number {
    return (this.http.server.address() as AddressInfo).port
  }

  get callerVoices(): CallerVoices {
    return this.#parts.voices.callerVoices
  }

  /** Takes no new calls and resolves when the live ones are over, their time is, or `hurry` aborts. */
  async drain(hurry = new AbortController().signal): Promise<void> {
    // Whether others can go on with its callers is known as of the last look, which may be a second old.
    await withTimeout(LOOK_MS, this.#parts.node.announce({}), '').catch(() => {})
    this.#standing.isDraining = true
    await this.#withdraw()
    const deadline = performance.now() + this.#options.config.drainMs
    const isOver = async () =>
      hurry.aborted || performance.now() >= deadline || (await this.#liveCalls()) === 0
    while (!(await isOver())) await sleep(IDLE_CHECK_MS, null, { signal: hurry }).catch(() => {})
  }

  async #withdraw(): Promise<void> {
    const { log } = this.#options
    const withdrawn = this.#parts.node.announce({ takesCalls: false, relayUrl: null })
    await withTimeout(DATABASE_PATIENCE_MS, withdrawn, 'no answer').catch((err) =>
      log.warn({ err }, 'the others do not know yet that this node stops; SIP legs may yet come to it'),
    )
  }

  /** Closes everything; calls that still live go on at another node, or here after the next start. */
  async stop(): Promise<void> {
    const { http, vendors, voices, actors, reports, node } = this.#parts
    this.#standing.isDraining = true
    const isPatientAgain = databaseSockets.limitPatience(LAST_STATEMENT_MS)
    await this.#sip?.stop()
    await this.#leaveStreams()
    const closed = new Promise((resolve) => http.server.close(resolve))
    http.server.closeAllConnections()
    await closed
    vendors.stop()
    try {
      await voices.greeting.stop()
      await reports.stop()
      await Promise.all(actors.map(({ host }) => host.stop()))
      await Promise.all(actors.map(({ feed }) => feed.stop()))
      await node.stop()
      // Jobs that were finished just now may have made the last steps.
      await this.#tellLastSteps()
    } finally {
      await this.#options.storage.close()
      isPatientAgain()
    }
  }

  /** News and jobs that cannot be handed over now, because the database is away, are found by other nodes. */
  async #tellLastSteps(): Promise<void> {
    const { actors, dispatcher } = this.#parts
    const told = Promise.all([...actors.map(({ announcer }) => announcer.settled()), dispatcher.stop()])
    await withTimeout(DATABASE_PATIENCE_MS, told, 'no answer').catch(() => {})
  }

  /** A carrier whose stream is closed asks at once what comes next, and is to find somebody. */
  async #leaveStreams(): Promise<void> {
    const { media } = this.#parts
    const hasCallers = media.liveSessions > 0
    this.#standing.isLeaving = true
    await media.stop()
    if (hasCallers) await sleep(LAST_WEBHOOKS_MS)
  }

  async #start(): Promise<void> {
    const { node, actors, numbers, dispatcher, vendors, voices, http } = this.#parts
    const { roles, sip, http: at } = this.#options.config
    await respellStoredNumbers(this.#options.storage.database, numbers, this.#options.log)
    // A voice vendor that hangs must not keep a leg from being moved or hung up.
    const hosts = actors.map(({ host }) => host)
    const deliveries = deliveryHandlers(hosts, readMessage)
    const besides = { ...voices.jobs, 'tidy-phone-links': () => this.#options.storage.phoneLinks.tidy() }
    await node.start(this.#plays('worker') ? [{ ...deliveries, ...this.#legJobs() }, besides] : [deliveries])
    for (const host of hosts) host.start()
    for (const { feed } of actors) feed.start(systemClock)
    dispatcher.start()
    vendors.start()
    if (!roles.every((role) => role === 'media')) voices.greeting.start()
    http.server.listen(at.port, at.host)
    await once(http.server, 'listening')
    const { storage, config } = this.#options
    await node.announce({ address: await originTowardNodes(config, storage.url, this.port) })
    if (sip.enabled) await this.#startSip()
  }

  #legJobs() {
    const { host, twilio } = this.#parts
    const { storage, log } = this.#options
    return effectHandlers({
      host,
      log,
      telephony: { twilio: twilio.telephony, sip: sipTelephony },
      recordCloneTimeout: (sampleKey) => storage.voices.log({ sampleKey, result: 'timed_out' }),
    })
  }

  async #startSip(): Promise<void> {
    const { host, numbers, feed, reports, metrics, sipLegs: register, voices, node } = this.#parts
    const { config, storage, log } = this.#options
    const origin = await originTowardFreeSwitch(config, this.port)
    const relay = origin.replace(/^http/, 'ws')
    if (this.#plays('media')) await node.announce({ relayUrl: relay })
    if (!this.#plays('sip')) return
    this.#sip = await createSip({
      config,
      host,
      numbers,
      feed,
      reports,
      register,
      origin,
      metrics,
      log,
      trunkRegister: createTrunkRegister(storage.database, node.id),
      phoneLinks: storage.phoneLinks,
      agentRates: (callId) => storage.agentAudio.ratesFor(callId),
      greetingKey: () => voices.greeting.key,
      // The relay of this very process needs no looking for, and is gone when the leg is.
      relays: this.#plays('media') ? async () => relay : () => node.registry.findRelay(),
      isDraining: () => this.#standing.isDraining,
    })
    this.#sip.start()
  }

  #plays(role: Role): boolean {
    return this.#options.config.roles.includes(role)
  }

  async #liveCalls(): Promise<number> {
    const { media, node } = this.#parts
    const held = media.liveSessions + (this.#sip?.liveLegs ?? 0)
    const counted = withTimeout(
      DATABASE_PATIENCE_MS,
      this.#options.storage.calls.countLive(node.id),
      'no answer',
    )
    // While the database is away, no more can be known than what is held here.
    return held + (await counted.catch(() => 0))
  }
}
