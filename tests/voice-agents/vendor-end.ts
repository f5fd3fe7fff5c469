import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'

/** How an upgrade is answered; the usual answer opens the socket. */
export type UpgradeAnswer = (socket: Duplex, request: IncomingMessage) => void

/** The vendor's end of agent sockets: real ones, on which nothing happens but what a test does. */
export class VendorEnd {
  readonly #server: Server
  readonly #sockets = new WebSocketServer({ noServer: true })
  readonly #waiting: ((conversation: VendorConversation) => void)[] = []
  /** Answers the upgrades that come instead of opening a socket. */
  answerUpgrade: UpgradeAnswer | null = null
  upgrades = 0

  private constructor(server: Server) {
    this.#server = server
    server.on('upgrade', (request, socket, head) => {
      this.upgrades++
      if (this.answerUpgrade) return this.answerUpgrade(socket, request)
      this.#sockets.handleUpgrade(request, socket, head, (client) => {
        this.#waiting.shift()?.(new VendorConversation(client, socket))
      })
    })
  }

  static async open(): Promise<VendorEnd> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new VendorEnd(server)
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1/convai/conversation?conversation_signature=s`
  }

  /** The conversation that is opened next. */
  next(): Promise<VendorConversation> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Resolves when no connection is left; never, when one leaks. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    await closed
  }
}

type Message = Record<string, unknown>

/** One conversation as the vendor sees it. */
export class VendorConversation {
  readonly received: Message[] = []
  readonly closed: Promise<number>
  readonly #socket: WebSocket
  readonly #connection: Duplex
  #arrived = Promise.withResolvers<void>()

  constructor(socket: WebSocket, connection: Duplex) {
    this.#socket = socket
    this.#connection = connection
    this.closed = new Promise((resolve) => socket.once('close', resolve))
    socket.on('error', () => {})
    socket.on('message', (data) => {
      this.received.push(JSON.parse(data.toString()) as Message)
      this.#arrived.resolve()
      this.#arrived = Promise.withResolvers()
    })
  }

  /** Resolves with the first message that fits, be it here or to come. */
  async hears(fits: (message: Message) => boolean): Promise<Message> {
    for (;;) {
      const found = this.received.find(fits)
      if (found) return found
      await this.#arrived.promise
    }
  }

  /** Everything sent so far has been taken: the ping behind it is answered. */
  async settled(event_id = 1_000_000 + this.received.length): Promise<void> {
    this.send({ type: 'ping', ping_event: { event_id } })
    await this.hears((message) => message.type === 'pong' && message.event_id === event_id)
  }

  begin({ agent = 'ulaw_8000', caller = 'ulaw_8000' } = {}): void {
    this.send({
      type: 'conversation_initiation_metadata',
      conversation_initiation_metadata_event: {
        conversation_id: 'conv_1',
        agent_output_audio_format: agent,
        user_input_audio_format: caller,
      },
    })
  }

  audio(event_id: number, audio_base_64 = 'AAAA'): void {
    this.send({ type: 'audio', audio_event: { audio_base_64, event_id } })
  }

  error(error_type: string, code = 1002): void {
    this.send({ type: 'error', error_event: { code, error_type, message: 'It failed.' } })
  }

  send(message: object): void {
    this.sendRaw(JSON.stringify(message))
  }

  sendRaw(data: string | Buffer): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(data)
  }

  /** Bytes on the connection itself, past all rules. */
  write(bytes: Buffer): void {
    this.#connection.write(bytes)
  }

  close(code: number, reason = ''): void {
    this.#socket.close(code, reason)
  }

  drop(): void {
    this.#socket.terminate()
  }

  /** Reads nothing any more, so that a close is never answered. */
  fallAsleep(): void {
    this.#socket.pause()
  }

  wakeUp(): void {
    this.#socket.resume()
  }
}
