import { randomBytes, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type WebSocket, WebSocketServer } from 'ws'
import { closeHard, listenHere } from './loopback.ts'

/** A second of silence, in mu-law. */
const SPEECH = Buffer.alloc(8_000, 0xff)
const SIGNED_URL_PATH = '/v1/convai/conversation/get-signed-url'

/**
 * A voice vendor that speaks ElevenLabs' protocols and decides nothing: a clone is made or fails when the test says so,
 * and so does every conversation with the agent.
 */
export class ScriptedVendor {
  readonly apiKey = randomBytes(16).toString('hex')
  /** In the order in which they were opened. */
  readonly conversations: ScriptedConversation[] = []
  readonly #server: Server
  readonly #sockets = new WebSocketServer({ noServer: true })
  readonly #clones: { form: string; response: ServerResponse }[] = []

  /** For ELEVENLABS_BASE_URL. */
  readonly url: string

  private constructor(server: Server, url: string) {
    this.#server = server
    this.url = url
    // A node that ends in the middle of its request wants no answer.
    server.on(
      'request',
      (request, response) => void this.#answer(request, response).catch(() => response.destroy()),
    )
    server.on('upgrade', (request, socket, head) =>
      this.#sockets.handleUpgrade(request, socket, head, (client) => {
        this.conversations.push(new ScriptedConversation(client))
      }),
    )
  }

  static async start(): Promise<ScriptedVendor> {
    const server = createServer()
    return new ScriptedVendor(server, await listenHere(server))
  }

  /** Names of the clones that have been asked for and not been answered yet. */
  get cloning(): string[] {
    return this.#clones.flatMap(({ form }) => /name="name"\r\n\r\n(\S+)/.exec(form)?.[1] ?? [])
  }

  /** Whether a clone of this name has been asked for and not been answered yet. */
  isCloning(name: string): boolean {
    return this.#clones.some(({ form }) => form.includes(name))
  }

  /** Answers the clone of this name with a voice; returns its id. */
  finishClone(name: string): string {
    const voice_id = `voice_${randomBytes(8).toString('hex')}`
    json(this.#takeClone(name), 200, { voice_id, requires_verification: false })
    return voice_id
  }

  /** Answers the clone of this name with a refusal that no retry would mend. */
  failClone(name: string): void {
    const detail = { status: 'invalid_file', message: 'No speech was found in the samples.' }
    json(this.#takeClone(name), 400, { detail })
  }

  /** The conversations that were begun for this call, once each has said so. */
  conversationsOf(callId: string): ScriptedConversation[] {
    return this.conversations.filter((conversation) => conversation.callId === callId)
  }

  async stop(): Promise<void> {
    for (const client of this.#sockets.clients) client.terminate()
    await closeHard(this.#server)
  }

  #takeClone(name: string): ServerResponse {
    const index = this.#clones.findIndex(({ form }) => form.includes(name))
    const [clone] = index < 0 ? [] : this.#clones.splice(index, 1)
    if (!clone) throw new Error(`No clone called ${name} has been asked for.`)
    return clone.response
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    const path = (request.url ?? '').split('?', 1)[0]
    if (path === '/v1/voices/add')
      this.#clones.push({ form: Buffer.concat(chunks).toString('latin1'), response })
    else if (path === '/v2/voices') json(response, 200, { voices: [], has_more: false, total_count: 0 })
    else if (path === SIGNED_URL_PATH) json(response, 200, { signed_url: this.#signedUrl() })
    else if (path?.startsWith('/v1/text-to-speech/')) response.end(SPEECH)
    else if (request.method === 'DELETE') json(response, 200, { status: 'ok' })
    else json(response, 404, { detail: { status: 'not_found', message: `Nothing is at ${path}.` } })
  }

  #signedUrl(): string {
    return `${this.url.replace(/^http/, 'ws')}/v1/convai/conversation?conversation_signature=${randomUUID()}`
  }
}

/** One conversation, as the vendor's end of its socket. */
export class ScriptedConversation {
  readonly id = `conv_${randomBytes(8).toString('hex')}`
  /** Everything that the service sent, parsed. */
  readonly received: Record<string, unknown>[] = []
  callId: string | null = null
  /** Told of each message as it comes. */
  onMessage: (message: Record<string, unknown>) => void = () => {}
  readonly #socket: WebSocket

  constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('error', () => {})
    socket.on('message', (data) => {
      const message = JSON.parse(data.toString()) as { dynamic_variables?: { call_id?: string } }
      this.received.push(message)
      this.onMessage(message)
      this.callId ??= message.dynamic_variables?.call_id ?? null
    })
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN
  }

  /** The agent is there and hears. */
  begin(): void {
    this.send({
      type: 'conversation_initiation_metadata',
      conversation_initiation_metadata_event: {
        conversation_id: this.id,
        agent_output_audio_format: 'ulaw_8000',
        user_input_audio_format: 'ulaw_8000',
      },
    })
  }

  send(message: object): void {
    this.sendRaw(JSON.stringify(message))
  }

  /** Sends this as it is; a Buffer as a binary message. */
  sendRaw(data: string | Buffer): void {
    this.#socket.send(data)
  }

  /** The agent ends the conversation: at its longest duration, which it may do at any time, its beginning included. */
  end(): void {
    const message = 'The conversation has lasted too long.'
    this.send({ type: 'error', error_event: { code: 1000, error_type: 'max_duration_exceeded', message } })
    this.#socket.close(1000, message)
  }

  /** The connection breaks without a word. */
  drop(): void {
    this.#socket.terminate()
  }
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
}
