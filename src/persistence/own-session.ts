import type { Socket } from 'node:net'
import type pg from 'pg'
import { loopDelay } from '../runtime/loop-delay.ts'
import { clientConfig, SessionClient } from './connect.ts'
import { databaseSockets } from './database-sockets.ts'

/** A session that takes longer to begin, or to answer a statement of a few rows, is of no use to a caller either. */
const PATIENCE_MS = 2_000

/** PostgreSQL, or the network before it, said nothing in time. */
export class Silence extends Error {
  override readonly name = 'Silence'
}

export type OwnSessionOptions = {
  url: string
  /** The name under which it shows in `pg_stat_activity`. */
  name: string
  onNotification?: (message: pg.Notification) => void
  /** Called once, when an open session is over without having been ended here. */
  onLost?: (error: Error | null) => void
}

/** One connection outside of every pool, which nobody else's slow statement keeps waiting, and which can be ended without asking. */
export class OwnSession {
  readonly #client: pg.Client
  readonly #socket: Socket
  readonly #onLost: (error: Error | null) => void
  #isOpen = false

  private constructor({ url, name, onNotification, onLost = () => {} }: OwnSessionOptions) {
    this.#socket = databaseSockets.open()
    this.#onLost = onLost
    this.#client = new SessionClient(
      clientConfig(url, {
        application_name: name,
        connectionTimeoutMillis: PATIENCE_MS,
        stream: () => this.#socket,
      }),
    )
    this.#client.on('error', (error) => this.#lost(error))
    this.#client.on('end', () => this.#lost(null))
    if (onNotification) this.#client.on('notification', onNotification)
  }

  /** Rejects within a bounded time when there is no server, or none that answers. */
  static async open(options: OwnSessionOptions): Promise<OwnSession> {
    const session = new OwnSession(options)
    try {
      await answered(session.#client.connect())
    } catch (error) {
      session.end()
      throw error
    }
    session.#isOpen = true
    return session
  }

  /** Rejects when no answer comes in time; the session is then to be ended. */
  async query<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await answered(this.#client.query<Row>(text, values))).rows
  }

  /** At once, whatever is under way; PostgreSQL sees the socket close. */
  end(): void {
    this.#isOpen = false
    this.#socket.destroy()
  }

  #lost(error: Error | null): void {
    if (!this.#isOpen) return
    this.end()
    this.#onLost(error)
  }
}

/** Rejects with a `Silence` when nothing comes in time. */
async function answered<Value>(promise: Promise<Value>): Promise<Value> {
  const { promise: silence, reject } = Promise.withResolvers<never>()
  const cancel = loopDelay.after(PATIENCE_MS, () =>
    reject(new Silence(`PostgreSQL did not answer in ${PATIENCE_MS / 1_000} s`)),
  )
  try {
    return await Promise.race([promise, silence])
  } finally {
    cancel()
  }
}
