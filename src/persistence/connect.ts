import pg from 'pg'
import { readDatabaseUrl, withSslMode } from '../config/database-url.ts'
import { databaseSockets } from './database-sockets.ts'

/*
 * How this process connects to PostgreSQL. Pools, ORM, job queue, feed, migrations and doctor all take their settings from
 * here, so that what DATABASE_URL says holds for each of them.
 */

/** A host that answers nothing would otherwise be waited for as long as the system tries, which is minutes. */
const FIRST_CONNECTION_MS = 10_000

/**
 * What the statements of this service count on, whatever server, database or role prefer: dates, intervals and bytes as
 * text of one form, backslashes without a meaning, each statement seeing what is committed.
 */
const SESSION = `set datestyle = iso, ymd; set intervalstyle = postgres; set timezone = 'UTC'; set bytea_output = hex;
  set standard_conforming_strings = on; set default_transaction_isolation = 'read committed'`

/** A connection that is set up before anybody else uses it. By statements, since poolers refuse most start parameters. */
export class SessionClient extends pg.Client {
  constructor(config?: pg.ClientConfig) {
    super(config)
    // Pools listen only once it is set up; one that breaks before that fails what is under way, which is enough.
    this.on('error', () => {})
  }

  override connect(): Promise<this>
  override connect(callback: (error: Error | null) => void): void
  override connect(callback?: (error: Error | null) => void): Promise<this> | undefined {
    const ready = this.#connect()
    if (!callback) return ready
    ready.then(() => callback(null), callback)
    return undefined
  }

  async #connect(): Promise<this> {
    await super.connect()
    try {
      await this.query(SESSION)
    } catch (error) {
      await this.end()
      throw error
    }
    return this
  }
}

/** The settings of a connection to this database; `own` are those of the part that makes it. */
export function clientConfig(url: string, own: pg.ClientConfig = {}): pg.ClientConfig {
  return { ...readDatabaseUrl(url).client, stream: databaseSockets.open, ...own }
}

/** The same for a pool. */
export function poolConfig(url: string, own: pg.PoolConfig = {}): pg.PoolConfig {
  return { ...clientConfig(url, own), Client: SessionClient } as pg.PoolConfig
}

export const connectClient = async (url: string, own: pg.ClientConfig = {}): Promise<pg.Client> => {
  const client = new SessionClient(clientConfig(url, own))
  // A connection that breaks fails the statement under way, which is where it is heard of.
  client.on('error', () => {})
  return client.connect()
}

/** Runs `work` on a pool of its own, which is closed afterwards. */
export async function withPool<Result>(
  url: string,
  work: (pool: pg.Pool) => Promise<Result>,
): Promise<Result> {
  const pool = new pg.Pool(poolConfig(url, { max: 2 }))
  const lost = () => {}
  pool.on('error', lost)
  pool.on('connect', (client) => client.on('error', lost))
  try {
    return await work(pool)
  } finally {
    await pool.end()
  }
}

/**
 * The address with a TLS mode that pg has. `prefer` and `allow` leave it to the server; pg does neither, so one trial
 * decides for all connections.
 * @throws what the server says when it cannot be reached in either way
 */
export async function settleTls(url: string): Promise<string> {
  const { sslMode } = readDatabaseUrl(url)
  const [plain, encrypted] = [withSslMode(url, 'disable'), withSslMode(url, 'no-verify')]
  if (sslMode === 'prefer') return firstThatConnects(encrypted, plain)
  if (sslMode === 'allow') return firstThatConnects(plain, encrypted)
  return url
}

/** Where neither does, the first says why, unless it only says that there is no TLS. */
async function firstThatConnects(first: string, second: string): Promise<string> {
  const refusal = await tryConnection(first)
  if (refusal === null) return first
  if (isUnreachable(refusal)) throw refusal
  const secondRefusal = await tryConnection(second)
  if (secondRefusal === null) return second
  throw /SSL connection/.test(refusal.message) ? secondRefusal : refusal
}

async function tryConnection(url: string): Promise<Error | null> {
  try {
    const client = await connectClient(url, { connectionTimeoutMillis: FIRST_CONNECTION_MS })
    await client.end()
    return null
  } catch (error) {
    return error as Error
  }
}

const isUnreachable = (error: Error): boolean =>
  ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENOENT'].includes(
    (error as NodeJS.ErrnoException).code ?? '',
  ) || error.message === 'timeout expired'
