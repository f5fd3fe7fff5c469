import { EventEmitter, once } from 'node:events'
import { WebSocket } from 'ws'
import { encodeMuLaw, muLawSilence } from '../../src/audio/mulaw.ts'

export type AgentEvent = { type: string; at: number; [payload: string]: unknown }

/** Longer than anything that a test waits for; only a test that fails meets it. */
const PATIENCE_MS = 5000

/** A client of the Agents WebSocket that keeps all it receives and answers pings, as a client must. */
export class AgentClient {
  readonly events: AgentEvent[] = []
  readonly socket: WebSocket
  readonly #arrivals = new EventEmitter()
  readonly closed: Promise<{ code: number; reason: string }>

  constructor(url: string, options: { answerPings?: boolean } = {}) {
    this.socket = new WebSocket(url)
    this.closed = new Promise((resolve) => {
      this.socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }))
    })
    this.socket.on('message', (data) => {
      const event = { ...JSON.parse(data.toString()), at: performance.now() }
      this.events.push(event)
      this.#arrivals.emit('event')
      if (event.type !== 'ping' || options.answerPings === false) return
      this.send({ type: 'pong', event_id: event.ping_event.event_id })
    })
  }

  /** Connects and sends the first message. */
  static async begin(url: string, init: object = {}): Promise<AgentClient> {
    const client = new AgentClient(url)
    await once(client.socket, 'open')
    client.send({ type: 'conversation_initiation_client_data', ...init })
    return client
  }

  send(message: object | string): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  }

  /** The caller speaks: a tone, in frames of 20 ms, as fast as they can be sent. */
  speak(ms: number): void {
    this.#sendAudio(encodeMuLaw(Int16Array.from({ length: ms * 8 }, (_, i) => 6000 * Math.sin(i / 3))))
  }

  pause(ms: number): void {
    this.#sendAudio(muLawSilence(ms))
  }

  #sendAudio(bytes: Buffer): void {
    for (let start = 0; start < bytes.length; start += 160) {
      this.send({ user_audio_chunk: bytes.subarray(start, start + 160).toString('base64') })
    }
  }

  of(type: string): AgentEvent[] {
    return this.events.filter((event) => event.type === type)
  }

  /** The `count`th event of this type, waited for if need be. */
  async next(type: string, count = 1): Promise<AgentEvent> {
    const signal = AbortSignal.timeout(PATIENCE_MS)
    for (;;) {
      const event = this.of(type)[count - 1]
      if (event) return event
      await once(this.#arrivals, 'event', { signal }).catch(() => this.#giveUp(type, count))
    }
  }

  #giveUp(type: string, count: number): never {
    const seen = this.events.map((event) => event.type).join(', ')
    throw new Error(`${type} number ${count} did not come. Seen: ${seen || 'nothing'}.`)
  }
}

/** The bytes of audio that these events carry. */
export function audioOf(events: AgentEvent[]): Buffer {
  return Buffer.concat(
    events
      .filter((event) => event.type === 'audio')
      .map((event) => Buffer.from((event.audio_event as { audio_base_64: string }).audio_base_64, 'base64')),
  )
}
