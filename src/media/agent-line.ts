import type { Logger } from 'pino'
import type { AgentConnection, AgentListener, AgentRequest, VoiceAgent } from '../calls/ports.ts'
import { AudioQueue, type FrameSink } from './audio-queue.ts'
import type { Clock } from './clock.ts'
import type { MediaMetrics } from './media-metrics.ts'

/**
 * The caller speaks in real time: 16 KiB is a second and a half of speech in the agent's socket, 32 KiB three more
 * here. What is older than that would only make the agent answer late.
 */
const LIMITS = { socketBytes: 16 * 1024, waitingBytes: 32 * 1024 }

export type AgentLineOptions = {
  agent: VoiceAgent
  /** What the agent is told of the call; asked for anew for every connection. */
  request: () => Promise<AgentRequest>
  listener: AgentListener
  clock: Clock
  metrics: MediaMetrics
  log: Logger
}

class AgentSink implements FrameSink {
  readonly #connection: AgentConnection

  constructor(connection: AgentConnection) {
    this.#connection = connection
  }

  get bufferedBytes(): number {
    return this.#connection.bufferedBytes
  }

  send(payload: Buffer): void {
    this.#connection.sendAudio(payload)
  }
}

/** The half of a session that faces the agent. Without a connection, what the caller says goes nowhere. */
export class AgentLine {
  readonly #options: AgentLineOptions
  #connection: AgentConnection | null = null
  #queue: AudioQueue | null = null
  /** The reconnect that the newest connection belongs to; 0 is the first connection of the call. */
  #connectedFor = -1
  /** Grows with every hang-up, so that a request under way then is known to be of no use any more. */
  #hangUps = 0

  constructor(options: AgentLineOptions) {
    this.#options = options
  }

  /**
   * Reaches for the agent, once for each `reconnect` that the call grants: an instruction that comes late or twice
   * connects nothing. The connection before it is closed.
   */
  connect(reconnect: number): void {
    if (reconnect <= this.#connectedFor) return
    if (this.#connectedFor >= 0) this.#options.metrics.counts.agentReconnects++
    this.#connectedFor = reconnect
    this.hangUp()
    void this.#dial(this.#hangUps)
  }

  hear(payload: Buffer): void {
    if (this.#queue === null) return
    this.#options.metrics.counts.callerToAgentFrames++
    this.#queue.audio(payload)
  }

  hangUp(): void {
    this.#hangUps++
    const connection = this.#connection
    this.#forget()
    connection?.close()
  }

  tick(): void {
    this.#queue?.drain()
  }

  async #dial(hangUps: number): Promise<void> {
    const { agent, request, listener, log } = this.#options
    try {
      const asked = await request()
      if (hangUps === this.#hangUps) this.#use(agent.connect(asked, this.#watched(listener)))
    } catch (error) {
      log.error({ err: error }, 'The voice agent could not be asked for')
      if (hangUps === this.#hangUps) listener.lost('not_asked')
    }
  }

  #watched(listener: AgentListener): AgentListener {
    return {
      ...listener,
      ended: () => {
        this.#forget()
        listener.ended()
      },
      lost: (cause) => {
        this.#forget()
        listener.lost(cause)
      },
    }
  }

  #use(connection: AgentConnection): void {
    const { clock, metrics } = this.#options
    this.#connection = connection
    this.#queue = new AudioQueue(new AgentSink(connection), LIMITS, clock, {
      dropped: (frames) => {
        metrics.counts.callerToAgentDropped += frames
      },
      waited: (milliseconds) => metrics.observeRelayDelay(milliseconds / 1000),
    })
  }

  #forget(): void {
    this.#connection = null
    this.#queue = null
  }
}
