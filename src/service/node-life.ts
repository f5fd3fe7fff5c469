import type { Logger } from 'pino'
import type { CallHost } from '../calls/call-host.ts'
import type { CallFeed } from '../calls/feed.ts'
import { FeedListener } from '../persistence/feed-listener.ts'
import { type JobQueue, startJobQueue, type TaskHandlers } from '../persistence/job-queue.ts'
import { NodeRegistry } from '../persistence/node-registry.ts'
import type { SipLegStore } from '../persistence/sip-leg-store.ts'
import type { Storage } from './storage.ts'

export type NodeLifeOptions = {
  id: string
  roles: readonly string[]
  storage: Storage
  host: CallHost
  feed: CallFeed
  sipLegs: SipLegStore
  log: Logger
}

/** This process among the nodes of one database: what it hears from them, the jobs it takes, and its sign of life. */
export class NodeLife {
  readonly id: string
  readonly #options: NodeLifeOptions
  readonly #listener: FeedListener
  readonly #registry: NodeRegistry
  #jobs: JobQueue | null = null

  constructor(options: NodeLifeOptions) {
    const { id, storage, roles, feed, log } = options
    this.id = id
    this.#options = options
    this.#listener = new FeedListener({
      ...{ url: storage.url, nodeId: id, log },
      onMessage: (message) => {
        if (message.node !== id) this.#pass(feed.heard(message))
      },
      onGap: () => this.#pass(feed.missed()),
    })
    this.#registry = new NodeRegistry({
      ...{ database: storage.database, url: storage.url, nodeId: id, roles, log },
      onGone: (nodes) => this.#takeOver(nodes),
    })
  }

  get hearsOthers(): boolean {
    return this.#listener.isConnected
  }

  /** Whether the jobs that are this node's are taken. */
  get takesJobs(): boolean {
    return this.#jobs?.isRunning ?? true
  }

  /** What other nodes are, and where. */
  get registry(): NodeRegistry {
    return this.#registry
  }

  /** Each group of tasks is worked on beside the others, however slow those are; without any, no jobs are taken. */
  async start(groups: TaskHandlers[]): Promise<void> {
    await this.#listener.start()
    if (groups.length > 0) {
      const { storage, log } = this.#options
      this.#jobs = await startJobQueue(storage.url, groups, log, {
        onNewWorkers: (workerIds) => this.#registry.renameWorkers(workerIds),
      })
    }
    await this.#registry.join(this.#jobs?.workerIds ?? [])
  }

  /** Finishes the jobs under way, and leaves. */
  async stop(): Promise<void> {
    await this.#jobs?.stop()
    await this.#registry.leave()
    await this.#listener.stop()
  }

  /** The bridges of nodes that are gone have broken. Their SIP legs are left to those who can reach them: the calls are over. */
  async #takeOver(nodes: string[]): Promise<void> {
    const { host, sipLegs } = this.#options
    await host.loseBridgesOf(nodes)
    for (const callId of await sipLegs.abandonedCalls()) {
      await host.send({ callId }, { type: 'leg.ended', status: 'holder-lost' })
    }
  }

  #pass(work: Promise<void>): void {
    const { log } = this.#options
    work.catch((error) => log.warn({ err: error }, "another node's news could not be passed on"))
  }
}
