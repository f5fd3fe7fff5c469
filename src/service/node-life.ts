import type { Logger } from 'pino'
import { v7 as uuidv7 } from 'uuid'
import type { CallHost } from '../calls/call-host.ts'
import type { CallFeed } from '../calls/feed.ts'
import { FeedListener } from '../persistence/feed-listener.ts'
import { type JobQueue, startJobQueue, type TaskHandlers } from '../persistence/job-queue.ts'
import { NodeRegistry } from '../persistence/node-registry.ts'
import type { Storage } from './storage.ts'

/** This process among the nodes of one database: what it hears from them, the jobs it takes, and its sign of life. */
export class NodeLife {
  readonly id = uuidv7()
  readonly #listener: FeedListener
  readonly #registry: NodeRegistry
  readonly #storage: Storage
  readonly #log: Logger
  #jobs: JobQueue | null = null

  constructor(options: {
    storage: Storage
    roles: readonly string[]
    calls: () => { host: CallHost; feed: CallFeed }
    /** Nodes are gone for good; their bridges have been told so. */
    onGone: () => Promise<void>
    log: Logger
  }) {
    const { storage, roles, calls, log } = options
    this.#storage = storage
    this.#log = log
    this.#listener = new FeedListener({
      url: storage.url,
      nodeId: this.id,
      log,
      onMessage: (message) => {
        if (message.node !== this.id) this.#pass(calls().feed.heard(message))
      },
      onGap: () => this.#pass(calls().feed.missed()),
    })
    this.#registry = new NodeRegistry({
      ...{ database: storage.database, url: storage.url, nodeId: this.id, roles, log },
      onGone: async (nodes) => {
        await calls().host.loseBridgesOf(nodes)
        await options.onGone()
      },
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
      this.#jobs = await startJobQueue(this.#storage.url, groups, this.#log, {
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

  #pass(work: Promise<void>): void {
    work.catch((error) => this.#log.warn({ err: error }, "another node's news could not be passed on"))
  }
}
