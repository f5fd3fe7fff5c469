import type pg from 'pg'
import type { Logger } from 'pino'
import type { ActorChange } from '../actors/actor-feed.ts'
import { named } from '../actors/named.ts'
import { feedChannel } from './feed-listener.ts'
import { ANNOUNCE } from './prepared/announce.ts'

/** So much news is gathered before it goes out: nobody hears the difference, and a busy node sends sixty statements a second. */
const GATHER_MS = 15

/**
 * Tells the other nodes of this node's steps after they were committed: many with one statement, and one statement at a time.
 * News that is lost, because this process or the database goes away, is found by whoever watches: the tables are the truth.
 */
export class FeedAnnouncer {
  readonly #pool: Pick<pg.Pool, 'query'>
  readonly #kind: string
  readonly #nodeId: string
  readonly #log: Logger
  /** The last step of each actor that has changed. */
  readonly #waiting = new Map<string, ActorChange>()
  #sending: Promise<void> | null = null

  constructor(options: { pool: Pick<pg.Pool, 'query'>; kind: string; nodeId: string; log: Logger }) {
    this.#pool = options.pool
    this.#kind = options.kind
    this.#nodeId = options.nodeId
    this.#log = options.log
  }

  announce(change: ActorChange): void {
    this.#waiting.set(change.id, change)
    this.#sending ??= this.#send()
  }

  /** Resolves when all that was announced until now is out, or lost. */
  async settled(): Promise<void> {
    await this.#sending
  }

  async #send(): Promise<void> {
    while (this.#waiting.size > 0) {
      await new Promise((gathered) => setTimeout(gathered, GATHER_MS))
      const messages = [...this.#waiting.values()].map(({ id, seq, state }) =>
        JSON.stringify({ ...named(this.#kind, id), seq, state, node: this.#nodeId }),
      )
      this.#waiting.clear()
      try {
        await this.#pool.query({ ...ANNOUNCE, values: [messages, feedChannel(this.#kind)] })
      } catch (error) {
        this.#log.warn(
          { err: error, [`${this.#kind}s`]: messages.length },
          `news of ${this.#kind}s is lost; other nodes find it by looking`,
        )
      }
    }
    this.#sending = null
  }
}
