import { makeWorkerUtils } from 'graphile-worker'
import type { Logger } from 'pino'
import type { Database } from './database.ts'
import { sessionName } from './feed-listener.ts'
import { type Sql, sqlOf } from './sql.ts'

/** A killed node's jobs wait at most this long for another to take them over. */
const SWEEP_MS = 1_000

/**
 * The nodes on this database. A node is gone when PostgreSQL no longer has its feed connection; its jobs, which the queue
 * would keep locked for hours, are then freed by whichever node sees it first.
 */
export class NodeRegistry {
  readonly #run: Sql
  readonly #url: string
  readonly #nodeId: string
  readonly #log: Logger
  #sweep: NodeJS.Timeout | null = null
  #sweeping: Promise<void> = Promise.resolve()

  constructor(options: { database: Database; url: string; nodeId: string; log: Logger }) {
    this.#run = sqlOf(options.database)
    this.#url = options.url
    this.#nodeId = options.nodeId
    this.#log = options.log
  }

  /** Call it once the feed listens: a node without that connection counts as gone. */
  async join(workerIds: string[]): Promise<void> {
    await this.#run(
      `insert into service_node (id, worker_ids) values (?, array(select jsonb_array_elements_text(?::jsonb)))`,
      [this.#nodeId, JSON.stringify(workerIds)],
    )
    await this.#freeTheDead()
    this.#sweep = setInterval(() => {
      this.#sweeping = this.#freeTheDead()
    }, SWEEP_MS)
  }

  async leave(): Promise<void> {
    if (this.#sweep) clearInterval(this.#sweep)
    await this.#sweeping
    await this.#run('delete from service_node where id = ?', [this.#nodeId])
  }

  async #freeTheDead(): Promise<void> {
    try {
      // The row goes first, so that one node alone frees each; a node that dies in between is freed by the queue's own limit.
      const dead = await this.#run<{ id: string; workerIds: string[] }>(
        `delete from service_node n where n.id <> ? and not exists (
           select 1 from pg_stat_activity s where s.application_name = '${sessionName('')}' || n.id
         ) returning n.id, n.worker_ids as "workerIds"`,
        [this.#nodeId],
      )
      if (dead.length === 0) return
      this.#log.warn({ nodes: dead.map((node) => node.id) }, 'nodes are gone; their jobs are taken over')
      const queue = await makeWorkerUtils({ connectionString: this.#url })
      await queue.forceUnlockWorkers(dead.flatMap((node) => node.workerIds)).finally(() => queue.release())
    } catch (error) {
      this.#log.warn({ err: error }, 'looking for nodes that are gone failed; it is tried again')
    }
  }
}
