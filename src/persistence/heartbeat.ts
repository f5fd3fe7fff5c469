import { hostname } from 'node:os'
import type { Logger } from 'pino'
import { loopDelay } from '../runtime/loop-delay.ts'
import { ClockOffset } from './clock-offset.ts'
import { databaseSockets } from './database-sockets.ts'
import { pingChannel } from './feed-listener.ts'
import { OwnSession, Silence } from './own-session.ts'

export const BEAT_MS = 1_000
/** After this long without a heartbeat a node may be judged by the others, and does not count itself as one of them. */
export const TIME_OUT_MS = 5_000
/** A broken connection is made anew at once; when that has not helped by now, calls cannot be taken here. */
const FAULT_MS = 2_500
/** Where one statement was not answered for two seconds, a socket that was silent as long is not to be waited for. */
const SILENT_MS = 1_500
/** How long a node tells of a time in which the others could not see it. */
const TELL_MS = 600_000

/** What a node says of itself with each heartbeat. */
export type NodeCard = {
  /** The names in which it locks jobs. */
  workerIds: readonly string[]
  roles: readonly string[]
  /** The ws origin of its relay; null while it takes no streams. */
  relayUrl: string | null
  /** The http origin at which the other nodes reach it; null before it listens. */
  address: string | null
  /** False once it is told to stop. */
  takesCalls: boolean
  /** The charts whose calls it can take a step with. */
  charts: readonly string[]
}

export type HeartbeatOptions = {
  url: string
  nodeId: string
  card: () => NodeCard
  /** After each heartbeat, with the session that made it: what is asked through it is asked by a node that is known to live. */
  onBeat: (session: OwnSession) => Promise<void>
  log: Logger
}

type Beat = { wasKnown: boolean; silentMs: number | null; nowMs: number }

/**
 * The sign of life of this node: a row that it writes each second, with a ping to its own listener and a look at the clock
 * of the database. As it is a write, it also proves that calls can be written.
 */
export class Heartbeat {
  readonly clock = new ClockOffset()
  readonly #options: HeartbeatOptions
  #session: OwnSession | null = null
  /** A role without the right to temporary tables learns of a full disk from its calls alone. */
  #mayTakeSpace = false
  #beatAt = performance.now()
  #error: unknown = null
  /** A statement was not answered since the last heartbeat. */
  #wasSilent = false
  #wasOut: { ms: number; until: Date } | null = null
  #hasBegun = false
  #isStopped = false
  #next: NodeJS.Timeout | null = null
  #beating: Promise<void> = Promise.resolve()

  constructor(options: HeartbeatOptions) {
    this.#options = options
  }

  /** Rejects when the first one cannot be written. */
  async start(): Promise<void> {
    await this.now()
    this.#beatLater()
  }

  /** One more, at once: what this node says of itself has changed. Rejects when it cannot be written. */
  now(): Promise<void> {
    if (this.#isStopped) return Promise.resolve()
    const beaten = this.#beating.then(() => this.#beat())
    this.#beating = beaten.catch(() => {})
    return beaten
  }

  /** Resolves when the last one is over. The row is gone then, if PostgreSQL could be told. */
  async stop(): Promise<void> {
    this.#isStopped = true
    if (this.#next) clearTimeout(this.#next)
    await this.#beating
    try {
      this.#session ??= await this.#open()
      await this.#session.query('delete from service_node where id = $1', [this.#options.nodeId])
    } catch (error) {
      this.#options.log.warn({ err: error }, 'this node could not sign off; others see that it is gone')
    }
    this.#session?.end()
  }

  /** Why calls cannot be written: `unreachable`, `read-only`, `full`; null while they can. */
  get fault(): string | null {
    const lateMs = performance.now() - this.#beatAt
    if (lateMs - loopDelay.lateWithin(lateMs) < FAULT_MS) return null
    return FAULTS[codeOf(this.#error)] ?? 'unreachable'
  }

  /** `ok`, or when and how long the others could not see this node, if that was lately. */
  get standing(): string {
    if (this.#wasOut === null || Date.now() - this.#wasOut.until.getTime() > TELL_MS) return 'ok'
    const { ms, until } = this.#wasOut
    return `was out of touch for ${Math.round(ms / 1_000)} s until ${until.toISOString()}`
  }

  #beatLater(): void {
    if (this.#isStopped) return
    this.#next = setTimeout(() => {
      void this.now()
        .catch(() => {})
        .then(() => this.#beatLater())
    }, BEAT_MS)
  }

  async #beat(): Promise<void> {
    try {
      // A connection that broke since the last one is no fault of the database's.
      await this.#write().catch(() => this.#write())
    } catch (error) {
      if (this.#error === null) this.#options.log.warn({ err: error }, 'the heartbeat could not be written')
      this.#error = error
      throw error
    }
    this.#recover()
    if (this.#isStopped || this.#session === null) return
    await this.#options.onBeat(this.#session).catch((error: unknown) => {
      this.#drop()
      this.#options.log.warn({ err: error }, 'looking after the other nodes failed; it is tried again')
    })
  }

  async #write(): Promise<void> {
    const { nodeId, card } = this.#options
    try {
      this.#session ??= await this.#open()
      const [before, sentAt] = [Date.now(), performance.now()]
      const [beat] = await this.#session.query<Beat>(BEAT, [
        nodeId,
        pingChannel(nodeId),
        hostname(),
        this.clock.offsetMs,
        JSON.stringify(card()),
      ])
      if (!beat) throw new Error('The heartbeat answered no row.')
      this.clock.measured({ before, tripMs: performance.now() - sentAt, databaseMs: beat.nowMs })
      if (this.#mayTakeSpace) await this.#session.query(TAKE_SPACE)
      this.#beatAt = performance.now()
      this.#compare(beat)
    } catch (error) {
      this.#wasSilent ||= error instanceof Silence
      // Another session would find no more space.
      if (codeOf(error) !== DISK_FULL) this.#drop()
      throw error
    }
  }

  async #open(): Promise<OwnSession> {
    const { url, nodeId } = this.#options
    const name = `precall heartbeat ${nodeId}`
    const session = await OwnSession.open({ url, name, onLost: () => this.#drop() })
    try {
      this.#mayTakeSpace = await prepareSpace(session)
    } catch (error) {
      session.end()
      throw error
    }
    return session
  }

  #drop(): void {
    this.#session?.end()
    this.#session = null
  }

  /** What was sent into a broken network is never answered, and whoever waits for it is to hear of that. */
  #recover(): void {
    if (this.#wasSilent) databaseSockets.endSilentFor(SILENT_MS)
    this.#wasSilent = false
    if (this.#error !== null) this.#options.log.info('the heartbeat is written again')
    this.#error = null
  }

  /** The database's own clock says how long the last heartbeat is ago. */
  #compare({ wasKnown, silentMs }: Beat): void {
    const isFirst = !this.#hasBegun
    this.#hasBegun = true
    const wasCountedOut = !wasKnown && !isFirst
    if (!wasCountedOut && (silentMs ?? 0) < TIME_OUT_MS) return
    this.#wasOut = { ms: silentMs ?? 0, until: new Date() }
    const said = { silentMs, wasCountedOut }
    this.#options.log.warn(said, 'this node was out of touch with the others; it takes its place again')
  }
}

/** SQLSTATEs (PostgreSQL, appendix A). */
const DISK_FULL = '53100'
const INSUFFICIENT_PRIVILEGE = '42501'
const FAULTS: Record<string, string> = { '25006': 'read-only', [DISK_FULL]: 'full' }

const codeOf = (error: unknown): string => (Object(error) as { code?: string }).code ?? ''

/** Where calls are, whatever the role's temporary tables are put elsewhere for. */
const PREPARE_SPACE = `set temp_tablespaces = '';
  create temporary table if not exists heartbeat_space (filler text) on commit delete rows`

/**
 * On a full disk a row that is written again finds its old place, and a new call none: only a file that grows shows it. This
 * one grows by 128 kB, without writing any WAL, and is cut off again at once.
 */
const TAKE_SPACE = `insert into pg_temp.heartbeat_space select repeat('x', 1900) from generate_series(1, 64)`

/** Resolves with whether space can be taken with this role. */
async function prepareSpace(session: OwnSession): Promise<boolean> {
  try {
    await session.query(PREPARE_SPACE)
    return true
  } catch (error) {
    if (codeOf(error) !== INSUFFICIENT_PRIVILEGE) throw error
    return false
  }
}

/** Parameters: the node, its ping channel, its host, the offset of its clock, its card. A statement sees what was before it. */
const BEAT = `
  with beat as (
    insert into service_node (id, host, clock_offset_ms, worker_ids, roles, relay_url, address, takes_calls, charts, heartbeat_at)
    select $1::uuid, $3::text, $4::float8, card."workerIds", card.roles, card."relayUrl", card.address, card."takesCalls",
           card.charts, clock_timestamp()
    from jsonb_to_record($5::jsonb) as card("workerIds" text[], roles text[], "relayUrl" text, address text, "takesCalls" boolean,
      charts text[])
    on conflict (id) do update set
      host = excluded.host, clock_offset_ms = excluded.clock_offset_ms, worker_ids = excluded.worker_ids, roles = excluded.roles,
      relay_url = excluded.relay_url, address = excluded.address, takes_calls = excluded.takes_calls, charts = excluded.charts,
      heartbeat_at = excluded.heartbeat_at, unresponsive_at = null
    returning id
  )
  select before.id is not null as "wasKnown",
         extract(epoch from clock_timestamp() - before.heartbeat_at)::float8 * 1000 as "silentMs",
         extract(epoch from clock_timestamp())::float8 * 1000 as "nowMs",
         pg_notify($2, '')
  from beat left join service_node before on before.id = beat.id`
