import type { Logger } from 'pino'
import type { ActorChange } from '../actors/actor-feed.ts'
import { loopDelay } from '../runtime/loop-delay.ts'
import { OwnSession } from './own-session.ts'

/** Long enough not to storm a server that restarts, short enough that a live console hardly notices. */
const RECONNECT_MS = 500
const LOOK_MS = 250
/** Two of the node's own pings have not come: it is deaf. */
const DEAF_MS = 2_500
/** A third one has not come either: the session is made anew. */
const RENEW_MS = 3_500

/** A step of an actor of this kind, which that node has made. */
export type FeedMessage = ActorChange & { kind: string; node: string }

/** The channel on which the steps of a kind of actors are told. */
export const feedChannel = (kind: string): string => `${kind}_feed`

/** The session name by which other nodes see that this one is there. */
export const sessionName = (nodeId: string): string => `precall node ${nodeId}`

/** The channel on which a node hears itself. */
export const pingChannel = (nodeId: string): string => `precall_ping_${nodeId}`

export type FeedListenerOptions = {
  url: string
  nodeId: string
  /** The kinds of actors whose news is to be heard. */
  kinds: readonly string[]
  onMessage: (message: FeedMessage) => void
  /** The session was lost and is back; what was said meanwhile was missed. */
  onGap: () => void
  log: Logger
}

/**
 * Hears of every step of every actor of some kinds, whichever node made it. A socket may stay open though nothing comes through any more:
 * that the session hears is proved by the pings that this node sends itself through another one.
 */
export class FeedListener {
  readonly #options: FeedListenerOptions
  #session: OwnSession | null = null
  #provedAt = performance.now()
  #isRenewing = false
  #looking: NodeJS.Timeout | null = null
  #isStopped = false

  constructor(options: FeedListenerOptions) {
    this.#options = options
  }

  /** False while there is no session, or none that is known to hear. */
  get hears(): boolean {
    return this.#session !== null && this.#silentMs() < DEAF_MS
  }

  async start(): Promise<void> {
    await this.#listen()
    this.#looking = setInterval(() => this.#look(), LOOK_MS)
  }

  stop(): void {
    this.#isStopped = true
    if (this.#looking) clearInterval(this.#looking)
    this.#session?.end()
    this.#session = null
  }

  async #listen(): Promise<void> {
    const { url, nodeId, kinds } = this.#options
    const session = await OwnSession.open({
      url,
      name: sessionName(nodeId),
      onNotification: ({ channel, payload }) => this.#hear(channel, payload),
      onLost: (error) => this.#lost(session, error),
    })
    try {
      for (const kind of kinds) await session.query(`listen "${feedChannel(kind)}"`)
      await session.query(`listen "${pingChannel(nodeId)}"`)
    } catch (error) {
      session.end()
      throw error
    }
    if (this.#isStopped) return session.end()
    this.#session = session
    this.#provedAt = performance.now()
  }

  #hear(channel: string, payload: string | undefined): void {
    const { nodeId, kinds, onMessage } = this.#options
    const kind = kinds.find((each) => feedChannel(each) === channel)
    if (channel === pingChannel(nodeId)) this.#provedAt = performance.now()
    else if (kind !== undefined && payload) onMessage(messageOf(kind, payload))
  }

  /** How long it has heard nothing of itself, without the time for which nobody here listened. */
  #silentMs(): number {
    const silentMs = performance.now() - this.#provedAt
    return silentMs - loopDelay.lateWithin(silentMs)
  }

  #look(): void {
    const session = this.#session
    if (session === null || this.#silentMs() < RENEW_MS) return
    session.end()
    this.#lost(session, new Error('nothing is heard through it any more'))
  }

  #lost(session: OwnSession, error: Error | null): void {
    if (this.#isStopped || this.#isRenewing) return
    if (this.#session !== null && this.#session !== session) return
    this.#session = null
    this.#isRenewing = true
    this.#options.log.warn({ err: error }, 'the feed connection to the database is lost; connecting again')
    void this.#renew()
  }

  async #renew(): Promise<void> {
    while (!this.#isStopped && this.#session === null) {
      await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS))
      await this.#listen().catch(() => {})
    }
    this.#isRenewing = false
    if (!this.#isStopped) this.#options.onGap()
  }
}

function messageOf(kind: string, payload: string): FeedMessage {
  const { [`${kind}Id`]: id, ...told } = JSON.parse(payload)
  return { ...told, kind, id }
}
