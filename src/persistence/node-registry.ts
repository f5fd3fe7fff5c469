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
  readonly #roles: readonly string[]
  readonly #onGone: (nodes: string[]) => Promise<void>
  readonly #log: Logger
  #nextSweep: NodeJS.Timeout | null = null
  #sweeping: Promise<void> = Promise.resolve()
  #isLeaving = false
  /** Those that the last look did not find; null before the first, when nobody can be in the middle of anything. */
  #missed: ReadonlySet<string> | null = null

  constructor(options: {
    database: Database
    url: string
    nodeId: string
    roles: readonly string[]
    /** Called once for nodes that are gone for good, after their jobs were freed. */
    onGone: (nodes: string[]) => Promise<void>
    log: Logger
  }) {
    this.#onGone = options.onGone
    this.#run = sqlOf(options.database)
    this.#url = options.url
    this.#nodeId = options.nodeId
    this.#roles = options.roles
    this.#log = options.log
  }

  /** Call it once the feed listens: a node without that connection counts as gone. */
  async join(workerIds: readonly string[]): Promise<void> {
    await this.#run(
      `insert into service_node (id, worker_ids, roles) values (?,
        array(select jsonb_array_elements_text(?::jsonb)), array(select jsonb_array_elements_text(?::jsonb)))`,
      [this.#nodeId, JSON.stringify(workerIds), JSON.stringify(this.#roles)],
    )
    await this.#sweep()
  }

  /** The names under which this node takes jobs have become others. */
  async renameWorkers(workerIds: readonly string[]): Promise<void> {
    await this.#run(
      `update service_node set worker_ids = array(select jsonb_array_elements_text(?::jsonb)) where id = ?`,
      [JSON.stringify(workerIds), this.#nodeId],
    )
  }

  /** Tells the others where this node's relay is; null when it takes no more streams. */
  async announceRelay(url: string | null): Promise<void> {
    await this.#run('update service_node set relay_url = ? where id = ?', [url, this.#nodeId])
  }

  /** A relay that is alive, this node's own first; null when there is none. */
  async findRelay(): Promise<string | null> {
    const [relay] = await this.#run<{ url: string }>(FIND_RELAY, [this.#nodeId])
    return relay?.url ?? null
  }

  /** Whether any living node has this role. */
  async hasRole(role: string): Promise<boolean> {
    const nodes = await this.#run(
      `select 1 from service_node n where ? = any(n.roles) and ${IS_ALIVE} limit 1`,
      [role],
    )
    return nodes.length > 0
  }

  /** A node that cannot say so, because the database is away, is found to be gone by the others. */
  async leave(): Promise<void> {
    this.#isLeaving = true
    if (this.#nextSweep) clearTimeout(this.#nextSweep)
    await this.#sweeping
    try {
      await this.#run('delete from service_node where id = ?', [this.#nodeId])
    } catch (error) {
      this.#log.warn({ err: error }, 'this node could not sign off; others see that it is gone')
    }
  }

  /** One look after the other, however long a slow database takes for each. */
  async #sweep(): Promise<void> {
    await this.#freeTheDead()
    if (this.#isLeaving) return
    this.#nextSweep = setTimeout(() => {
      this.#sweeping = this.#sweep()
    }, SWEEP_MS)
  }

  /** A node whose connection is only being made anew is missed once; one that is gone, at every look. */
  async #freeTheDead(): Promise<void> {
    try {
      const missing = (await this.#run<{ id: string }>(MISSING, [this.#nodeId])).map(({ id }) => id)
      const gone = missing.filter((id) => this.#missed === null || this.#missed.has(id))
      this.#missed = new Set(missing)
      if (gone.length > 0) await this.#free(gone)
    } catch (error) {
      this.#log.warn({ err: error }, 'looking for nodes that are gone failed; it is tried again')
    }
  }

  /** The rows go first, so that one node alone frees each; should it die in between, time limits free the rest. */
  async #free(gone: string[]): Promise<void> {
    const rows = await this.#run<{ id: string; workerIds: string[] }>(
      `delete from service_node where id::text in (select jsonb_array_elements_text(?::jsonb))
       returning id, worker_ids as "workerIds"`,
      [JSON.stringify(gone)],
    )
    if (rows.length === 0) return
    const nodes = rows.map(({ id }) => id)
    this.#log.warn({ nodes }, 'nodes are gone; their jobs and bridges are taken over')
    const queue = await makeWorkerUtils({ connectionString: this.#url })
    await queue.forceUnlockWorkers(rows.flatMap((row) => row.workerIds)).finally(() => queue.release())
    await this.#onGone(nodes)
  }
}

const IS_ALIVE = `exists (
    select 1 from pg_stat_activity s where s.application_name = '${sessionName('')}' || n.id
  )`

const MISSING = `select n.id from service_node n where n.id <> ? and not ${IS_ALIVE}`

/** Of the others any: whoever asks often is spread over all. */
const FIND_RELAY = `select n.relay_url as url from service_node n
  where n.relay_url is not null and ${IS_ALIVE} order by n.id = ? desc, random() limit 1`
