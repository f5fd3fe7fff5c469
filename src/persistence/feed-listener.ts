import pg from 'pg'
import type { Logger } from 'pino'

/** Long enough not to storm a server that restarts, short enough that a live console hardly notices. */
const RECONNECT_MS = 500

export type FeedMessage = { callId: string; seq: number; state: string; node: string }

/** The session name by which other nodes see that this one is alive. */
export const sessionName = (nodeId: string): string => `precall node ${nodeId}`

/**
 * Hears of every step of every call, whichever node made it. The connection is also this node's sign of life: PostgreSQL
 * drops it the moment the process is gone.
 */
export class FeedListener {
  readonly #url: string
  readonly #nodeId: string
  readonly #onMessage: (message: FeedMessage) => void
  readonly #onGap: () => void
  readonly #log: Logger
  #client: pg.Client | null = null
  #retry: NodeJS.Timeout | null = null
  #stopped = false

  /** `onGap`: the connection was lost and is back; what was said meanwhile was missed. */
  constructor(options: {
    url: string
    nodeId: string
    onMessage: (message: FeedMessage) => void
    onGap: () => void
    log: Logger
  }) {
    this.#url = options.url
    this.#nodeId = options.nodeId
    this.#onMessage = options.onMessage
    this.#onGap = options.onGap
    this.#log = options.log
  }

  get isConnected(): boolean {
    return this.#client !== null
  }

  async start(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#url,
      application_name: sessionName(this.#nodeId),
      keepAlive: true,
    })
    client.on('error', (error) => this.#lost(client, error))
    client.on('end', () => this.#lost(client, null))
    client.on('notification', ({ payload }) => payload && this.#onMessage(JSON.parse(payload) as FeedMessage))
    await client.connect()
    await client.query('listen call_feed')
    if (this.#stopped) return client.end()
    this.#client = client
  }

  async stop(): Promise<void> {
    this.#stopped = true
    if (this.#retry) clearTimeout(this.#retry)
    await this.#client?.end()
  }

  #lost(client: pg.Client, error: Error | null): void {
    if (this.#stopped || (this.#client !== client && this.#client !== null) || this.#retry) return
    this.#client = null
    this.#log.warn({ err: error }, 'the feed connection to the database is lost; connecting again')
    this.#reconnectLater()
  }

  #reconnectLater(): void {
    this.#retry = setTimeout(() => {
      this.#retry = null
      this.start().then(this.#onGap, () => this.#stopped || this.#retry || this.#reconnectLater())
    }, RECONNECT_MS)
  }
}
