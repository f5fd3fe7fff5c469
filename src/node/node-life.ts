import type { Logger } from 'pino'
import { DELIVERY, deliveryTask, hosted } from '../actors/deliveries.ts'
import type { HostedActors } from '../actors/hosted-actors.ts'
import type { BridgeKeeper } from '../calls/bridge-keeper.ts'
import type { CallHost } from '../calls/call-host.ts'
import { type Orphan, Orphans } from '../calls/orphans.ts'
import type { Storage } from '../composition/storage.ts'
import type { Role } from '../config/config.ts'
import { databaseSockets } from '../persistence/database-sockets.ts'
import { FeedListener } from '../persistence/feed-listener.ts'
import { Heartbeat, type NodeCard } from '../persistence/heartbeat.ts'
import { type JobQueue, startJobQueue, type TaskHandlers } from '../persistence/job-queue.ts'
import { NodeRegistry } from '../persistence/node-registry.ts'
import type { SipLegStore } from '../persistence/sip-leg-store.ts'
import { NodeWatch } from './node-watch.ts'

/** A bridge that differs at two looks is put right: soon enough for a caller in silence, and cheap. */
const COMPARE_EVERY_MS = 3_000

/** Events for actors whose chart was known by nodes that are gone. */
const ORPHANED = { prefix: deliveryTask(''), task: DELIVERY }

export type NodeLifeOptions = {
  id: string
  roles: readonly Role[]
  storage: Storage
  host: CallHost
  actors: readonly HostedActors[]
  sipLegs: SipLegStore
  bridges: BridgeKeeper
  log: Logger
}

/** This process among the nodes of one database: its sign of life, what it hears from the others, and the jobs it takes. */
export class NodeLife {
  readonly id: string
  /** What other nodes are, and where. */
  readonly registry: NodeRegistry
  readonly heartbeat: Heartbeat
  readonly #options: NodeLifeOptions
  readonly #listener: FeedListener
  readonly #watch: NodeWatch
  readonly #card: Omit<NodeCard, 'workerIds'>
  readonly #orphans = new Orphans<{ callId: string } & Orphan>(({ callId }) => callId)
  #jobs: JobQueue | null = null
  #nextCompare: NodeJS.Timeout | null = null
  #comparing: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(options: NodeLifeOptions) {
    const { id, storage, roles, actors, log } = options
    const hosts = actors.map(({ host }) => host)
    this.id = id
    this.#options = options
    this.#card = {
      roles,
      relayUrl: null,
      address: null,
      takesCalls: true,
      charts: hosted(hosts),
    }
    this.#listener = new FeedListener({
      url: storage.url,
      nodeId: id,
      kinds: hosts.map(({ kind }) => kind),
      log,
      onMessage: (message) => {
        const told = actors.find(({ host }) => host.kind === message.kind)
        if (told && message.node !== id) this.#pass(told.feed.heard(message))
      },
      onGap: () => {
        for (const { feed } of actors) this.#pass(feed.missed())
      },
    })
    this.registry = new NodeRegistry({ database: storage.database, nodeId: id })
    this.#watch = new NodeWatch({
      registry: this.registry,
      log,
      onGone: () => this.#takeOver(),
      onStuck: (ms) => databaseSockets.endSilentFor(ms),
      onUnresponsive: (nodeId) => options.bridges.leadAwayFrom(nodeId),
    })
    this.heartbeat = new Heartbeat({
      url: storage.url,
      nodeId: id,
      log,
      card: () => ({ ...this.#card, workerIds: this.#jobs?.workerIds ?? [] }),
      onBeat: (session) => this.#watch.look(session),
    })
  }

  get hearsOthers(): boolean {
    return this.#listener.hears
  }

  /** Whether the jobs that are this node's are taken. */
  get takesJobs(): boolean {
    return this.#jobs?.isRunning ?? true
  }

  /** Each group of tasks is worked on beside the others, however slow those are; without any, no jobs are taken. */
  async start(groups: TaskHandlers[]): Promise<void> {
    await this.#listener.start()
    await this.heartbeat.start()
    if (groups.length > 0) {
      const { storage, log } = this.#options
      this.#jobs = await startJobQueue(storage.url, groups, log, { onNewWorkers: () => this.heartbeat.now() })
      await this.heartbeat.now()
    }
    if (this.#options.roles.includes('media')) this.#compareLater()
  }

  /** Tells the others what has changed about this node. Rejects when the database is away; they hear of it when it is back. */
  async announce(change: Partial<Omit<NodeCard, 'workerIds' | 'roles' | 'charts'>>): Promise<void> {
    Object.assign(this.#card, change)
    await this.heartbeat.now()
  }

  /** Finishes the jobs under way, and leaves. */
  async stop(): Promise<void> {
    this.#isStopped = true
    if (this.#nextCompare) clearTimeout(this.#nextCompare)
    await this.#jobs?.stop()
    await this.#comparing
    await this.#watch.settled()
    await this.heartbeat.stop()
    this.#listener.stop()
  }

  #compareLater(): void {
    if (this.#isStopped) return
    this.#nextCompare = setTimeout(() => {
      this.#comparing = this.#compare().then(() => this.#compareLater())
    }, COMPARE_EVERY_MS)
  }

  async #compare(): Promise<void> {
    await this.#options.bridges.compare().catch((error: unknown) => {
      this.#options.log.warn({ err: error }, 'bridges could not be compared with sessions; it is tried again')
    })
  }

  /** What waits for nodes that are gone is done here. Their bridges have broken; their SIP legs are left to those who can reach them: the calls are over. */
  async #takeOver(): Promise<void> {
    const { host, sipLegs, bridges, storage } = this.#options
    await storage.charts.adoptJobs(ORPHANED)
    await bridges.loseThoseOfNobody()
    for (const { callId } of this.#orphans.certain(await sipLegs.abandonedCalls())) {
      await host.send({ callId }, { type: 'leg.ended', status: 'holder-lost' })
    }
  }

  #pass(work: Promise<void>): void {
    const { log } = this.#options
    work.catch((error) => log.warn({ err: error }, "another node's news could not be passed on"))
  }
}
