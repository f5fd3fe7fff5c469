import type { Logger } from 'pino'
import type { WireAudio } from '../audio/audio-format.ts'
import { type Transcoder, transcoderBetween } from '../audio/transcoder.ts'
import type { Clock } from '../runtime/clock.ts'
import type { AgentAudio, AgentConnection, AgentListener, AgentRequest, VoiceAgent } from './agent-port.ts'
import { AudioQueue, type FrameSink, limitsOf } from './audio-queue.ts'
import { BargeInDetector } from './barge-in-detector.ts'
import type { CarrierCodec } from './carrier-port.ts'
import { Keypad } from './dtmf-collector.ts'
import type { MediaMetrics } from './media-metrics.ts'

/** The caller speaks in real time: what has waited for longer than both would only make the agent answer late. */
const LIMITS_MS = { socket: 1_500, waiting: 3_000 }

export type AgentLineOptions = {
  agent: VoiceAgent
  codec: Pick<CarrierCodec, 'inboundFormat'>
  /** What the agent is told of the call; asked for anew for every connection. */
  request: () => Promise<AgentRequest>
  listener: AgentListener
  /** The formats of the agent of this id, which has just answered. */
  onAudio: (agentId: string, audio: AgentAudio) => void
  /** The caller begins to speak, and the agent’s vendor does not say so. */
  onBargeIn: () => void
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
export class AgentChannel {
  readonly #options: AgentLineOptions
  #connection: AgentConnection | null = null
  /** Null until the agent listens. */
  #queue: AudioQueue | null = null
  /** Null while the agent hears as the carrier brings it. */
  #transcoder: Transcoder | null = null
  /** Null while the agent itself says when the caller speaks over it. */
  #bargeIn: BargeInDetector | null = null
  readonly #keypad: Keypad
  /** The number of the newest connection; the call's first is 1. */
  #number = 0
  #isOnHold = false
  /** Grows with every hang-up, so that a request under way then is known to be of no use any more. */
  #hangUps = 0

  constructor(options: AgentLineOptions) {
    this.#options = options
    this.#keypad = new Keypad(options.clock)
  }

  /**
   * Reaches for the agent, once for each number that the call gives a connection: an instruction that comes late or twice
   * connects nothing. The connection before it is closed.
   */
  connect(number: number): void {
    if (number <= this.#number) return
    if (this.#number > 0) this.#options.metrics.counts.agentReconnects++
    this.#number = number
    this.hangUp()
    void this.#dial(this.#hangUps)
  }

  /** The number of the newest connection, 0 before the first: what is reported is about it. */
  get number(): number {
    return this.#number
  }

  hear(payload: Buffer): void {
    // A telephone on hold may play music, to which nobody should answer.
    if (this.#queue === null || this.#isOnHold) return
    this.#options.metrics.counts.callerToAgentFrames++
    if (this.#bargeIn?.hear(payload)) this.#options.onBargeIn()
    const speech = this.#transcoder === null ? payload : this.#transcoder.transcode(payload)
    if (speech.length > 0) this.#queue.audio(speech)
  }

  /** An agent who is only on the way hears of it once there. */
  press(key: string): void {
    this.#keypad.press(key)
  }

  /** The caller has put the call on hold, or takes it up again; an agent who comes later is told, too. */
  hold(isOnHold: boolean): void {
    if (isOnHold === this.#isOnHold) return
    this.#isOnHold = isOnHold
    if (this.#queue !== null) this.#tellHold()
  }

  /** Of what the agent has said, the last so many milliseconds will not be heard. */
  truncate(unheardMs: number): void {
    if (this.#connection?.capabilities.truncate) this.#connection.truncate(unheardMs)
  }

  hangUp(): void {
    this.#hangUps++
    const connection = this.#connection
    this.#forget()
    connection?.close()
  }

  tick(): void {
    if (this.#queue === null) return
    this.#queue.drain()
    const keys = this.#keypad.take()
    if (keys && this.#connection?.capabilities.textInput) this.#connection.sendDtmf(keys)
  }

  async #dial(hangUps: number): Promise<void> {
    const { agent, request, listener, log } = this.#options
    try {
      const asked = await request()
      if (hangUps === this.#hangUps) this.#connection = agent.connect(asked, this.#watched(asked.agent.id))
    } catch (error) {
      log.error({ err: error }, 'The voice agent could not be asked for')
      if (hangUps === this.#hangUps) listener.lost('not_asked')
    }
  }

  #watched(agentId: string): AgentListener {
    const { listener, onAudio } = this.#options
    return {
      ...listener,
      ready: (conversationId, audio) => {
        this.#listen(audio.inputFormat)
        if (this.#isOnHold) this.#tellHold()
        onAudio(agentId, audio)
        listener.ready(conversationId, audio)
      },
      ended: () => {
        this.#forget()
        listener.ended()
      },
      lost: (...how) => {
        this.#forget()
        listener.lost(...how)
      },
    }
  }

  #listen(inputFormat: WireAudio): void {
    const { clock, metrics, codec } = this.#options
    if (this.#connection === null) return
    const { interrupt } = this.#connection.capabilities
    this.#bargeIn = interrupt ? null : new BargeInDetector(codec.inboundFormat)
    this.#transcoder = transcoderBetween(codec.inboundFormat, inputFormat)
    const sink = new AgentSink(this.#connection)
    this.#queue = new AudioQueue(
      sink,
      limitsOf(() => inputFormat, LIMITS_MS),
      clock,
      {
        dropped: (frames) => {
          metrics.counts.callerToAgentDropped += frames
        },
        waited: (milliseconds) => metrics.observeRelayDelay(milliseconds / 1000),
      },
    )
  }

  #tellHold(): void {
    if (this.#connection?.capabilities.textInput) this.#connection.setOnHold(this.#isOnHold)
  }

  #forget(): void {
    this.#connection = null
    this.#queue = null
  }
}
