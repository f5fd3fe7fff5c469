import type { Database } from './database.ts'
import { sessionName } from './feed-listener.ts'
import { TIME_OUT_MS } from './heartbeat.ts'
import type { OwnSession } from './own-session.ts'
import { type Sql, sqlOf } from './sql.ts'

/** Another node about which there is a doubt. */
export type Suspect = {
  id: string
  /** The http origin at which it can be asked, and the machine that this is seen from; null where it did not say. */
  address: string | null
  host: string | null
  /** How long its last heartbeat is ago, by the database's clock; null for a version that writes none. */
  silentMs: number | null
  /** Whether PostgreSQL has the session by which it hears of calls. */
  hasSession: boolean
}

/** Early enough that a node which hangs has been asked when its time is over. */
export const DOUBT_MS = 3_000
/** While a hung node's calls stay there, they are led elsewhere again each so often. */
const LEAD_AWAY_EVERY_MS = 10_000
/** A row that nobody has stood behind for so long is of no use to anybody. */
const FORGET_MS = 600_000
/** A node takes jobs a moment before it can have said under which names. */
const LOCK_GRACE_MS = 10_000

/** The nodes on this database, as they say of themselves and as PostgreSQL sees them. */
export class NodeRegistry {
  readonly #run: Sql
  readonly #nodeId: string
  #hasSuccessor = false

  constructor({ database, nodeId }: { database: Database; nodeId: string }) {
    this.#run = sqlOf(database)
    this.#nodeId = nodeId
  }

  /** Whether others live, as of the last look, that take calls and can go on with those of this node. */
  get hasSuccessor(): boolean {
    return this.#hasSuccessor
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

  /** The others about whom there is a doubt. */
  async suspects(session: OwnSession): Promise<Suspect[]> {
    const [others] = await session.query<{ suspects: Suspect[]; hasSuccessor: boolean }>(OTHERS, [
      this.#nodeId,
    ])
    this.#hasSuccessor = others?.hasSuccessor ?? false
    return others?.suspects ?? []
  }

  /** How things stand with one node now; null when it is no longer among them. */
  async suspect(id: string, session: OwnSession): Promise<Suspect | null> {
    const [found] = await session.query<{ suspect: Suspect }>(
      `select ${SUSPECT} as suspect from service_node n where n.id = $1`,
      [id],
    )
    return found?.suspect ?? null
  }

  /** Takes a node that is gone out of the list. Resolves with false when another node has done it. */
  async remove(id: string, session: OwnSession): Promise<boolean> {
    const rows = await session.query<{ workerIds: string[] }>(
      'delete from service_node where id = $1 returning worker_ids as "workerIds"',
      [id],
    )
    for (const { workerIds } of rows) await free(workerIds, session)
    return rows.length > 0
  }

  /**
   * Frees the jobs of a node that is silent, each of which may run twice. Resolves with whether its calls are this node's to
   * lead away, which is so for one node at a time.
   */
  async claimSilent(id: string, session: OwnSession): Promise<boolean> {
    const rows = await session.query<{ workerIds: string[] }>(CLAIM_SILENT, [id])
    for (const { workerIds } of rows) await free(workerIds, session)
    return rows.length > 0
  }

  /** Frees jobs that are locked by nobody who is listed, and forgets nodes that have been silent for long and hold no leg. */
  async tidy(session: OwnSession): Promise<void> {
    const locks = await session.query<{ workerId: string }>(LOCKS_OF_NOBODY)
    if (locks.length > 0)
      await free(
        locks.map(({ workerId }) => workerId),
        session,
      )
    await session.query(FORGET)
  }
}

const free = (workerIds: string[], session: OwnSession) =>
  session.query('select graphile_worker.force_unlock_workers($1::text[])', [workerIds])

const SILENT_MS = 'extract(epoch from clock_timestamp() - n.heartbeat_at)::float8 * 1000'

/** Whether PostgreSQL has the session by which the node of this id hears of calls. */
export const hasSession = (nodeId: string): string => `exists (
    select 1 from pg_stat_activity s where s.application_name = '${sessionName('')}' || ${nodeId}
  )`

const HAS_SESSION = hasSession('n.id')

/** A node of an older version shows by its session alone that it lives. */
export const IS_ALIVE = `(${HAS_SESSION} and coalesce(${SILENT_MS}, 0) < ${TIME_OUT_MS})`

const SUSPECT = `json_build_object('id', n.id, 'address', n.address, 'host', n.host, 'silentMs', ${SILENT_MS},
  'hasSession', ${HAS_SESSION})`

/** Parameters: this node. */
const OTHERS = `
  with others as (select n.*, ${SUSPECT} as suspect, ${HAS_SESSION} as has_session, ${SILENT_MS} as silent_ms
                  from service_node n where n.id <> $1)
  select coalesce(json_agg(suspect) filter (where not has_session or silent_ms > ${DOUBT_MS}), '[]') as suspects,
         coalesce(bool_or('web' = any(roles)) filter (where takes_calls and has_session and silent_ms < ${DOUBT_MS}), false)
         and coalesce(bool_or('media' = any(roles)) filter (where takes_calls and has_session and silent_ms < ${DOUBT_MS}), false)
           as "hasSuccessor"
  from others`

const CLAIM_SILENT = `
  update service_node n set unresponsive_at = clock_timestamp()
  where n.id = $1 and ${SILENT_MS} >= ${TIME_OUT_MS} and (n.unresponsive_at is null
    or n.unresponsive_at < clock_timestamp() - interval '${LEAD_AWAY_EVERY_MS} milliseconds')
  returning worker_ids as "workerIds"`

const LOCKS_OF_NOBODY = `
  select distinct j.locked_by as "workerId" from graphile_worker.jobs j
  where j.locked_at < now() - interval '${LOCK_GRACE_MS} milliseconds'
    and not exists (select 1 from service_node n where j.locked_by = any(n.worker_ids))`

const FORGET = `
  delete from service_node n where n.heartbeat_at < clock_timestamp() - interval '${FORGET_MS} milliseconds'
    and not exists (select 1 from sip_leg l where l.node_id = n.id)`

/** Of the others any: whoever asks often is spread over all. */
const FIND_RELAY = `select n.relay_url as url from service_node n
  where n.relay_url is not null and ${IS_ALIVE} order by n.id = ? desc, random() limit 1`
