import { EventEmitter, once } from 'node:events'
import { WebSocket } from 'ws'
import { encodeMuLaw, muLawSilence } from '../../src/audio/mulaw-buffer.ts'

export type AgentEvent = { type: string; [payload: string]: unknown }

/** A client of the Agents WebSocket that keeps all it receives and answers pings, as a client must. */
export class AgentClient {
  readonly events: AgentEvent[] = []
  readonly socket: WebSocket
  readonly #arrivals = new EventEmitter()
  readonly closed: Promise<{ code: number; reason: string }>

  constructor(url: string) {
    this.socket = new WebSocket(url)
    // What is wrong with the socket is seen by its close.
    this.socket.on('error', () => {})
    this.closed = new Promise((resolve) => {
      this.socket.once('close', (code, reason) => {
        resolve({ code, reason: reason.toString() })
        this.#arrivals.emit('event')
      })
    })
    this.socket.on('message', (data) => {
      const event: AgentEvent = JSON.parse(data.toString())
      this.events.push(event)
      this.#arrivals.emit('event')
      if (event.type === 'ping') this.send({ type: 'pong', event_id: eventId(event) })
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

  /** Resolves when the simulator has read all that was sent, and what it had sent by then has arrived. */
  async flush(): Promise<void> {
    const answered = once(this.socket, 'pong')
    this.socket.ping()
    await answered
  }

  /** The `count`th event of this type, waited for if need be. */
  async next(type: string, count = 1): Promise<AgentEvent> {
    for (;;) {
      const event = this.of(type)[count - 1]
      if (event) return event
      if (this.socket.readyState === WebSocket.CLOSED) throw new Error(`Closed without ${type}.`)
      await once(this.#arrivals, 'event')
    }
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

/** Every event but the metadata has one, in its payload. */
export function eventId(event: AgentEvent): number {
  const payload = Object.values(event).find((value) => typeof value === 'object')
  return (payload as { event_id: number }).event_id
}
