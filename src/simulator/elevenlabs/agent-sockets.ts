import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { AgentConfig } from './agent-config.ts'
import { AgentSession } from './agent-session.ts'
import { newConversationId } from './vendor-id.ts'
import type { Workspace } from './workspace.ts'

const CONVERSATION_PATH = '/v1/convai/conversation'

/** Twenty seconds of PCM at 16 kHz; larger messages are closed with 1009. */
const MAX_MESSAGE_BYTES = 1024 * 1024

const NO_SUCH_AGENT = 'The AI agent you are trying to reach does not exist.'
const BAD_SIGNATURE = 'The signed URL is missing, invalid, expired or was used before.'

/** Lets clients in that have a right to a conversation, and keeps the live ones. */
export class AgentSockets {
  readonly #workspace: Workspace
  readonly #live = new Map<string, AgentSession>()
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    handleProtocols: (offered) => (offered.has('convai') ? 'convai' : false),
  })

  constructor(workspace: Workspace) {
    this.#workspace = workspace
  }

  get liveConversationIds(): string[] {
    return [...this.#live.keys()]
  }

  /** Takes an HTTP upgrade, whatever its path. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    const url = URL.parse(request.url ?? '/', 'http://simulated')
    if (this.#workspace.faults.takeRefusedAgentSocket()) {
      refuse(socket, '503 Service Unavailable')
    } else if (url?.pathname !== CONVERSATION_PATH) {
      refuse(socket, '404 Not Found')
    } else {
      this.#server.handleUpgrade(request, socket, head, (client) => this.#admit(client, url.searchParams))
    }
  }

  /** @throws Error when there is no such live conversation. */
  session(conversationId: string): AgentSession {
    const session = this.#live.get(conversationId)
    if (session) return session
    throw new Error(
      `No live conversation ${conversationId}; live: ${this.liveConversationIds.join(', ') || 'none'}.`,
    )
  }

  async stop(): Promise<void> {
    for (const client of this.#server.clients) client.terminate()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  /** As with the vendor the socket opens first and is closed with 1008 when there is no right to it. */
  #admit(client: WebSocket, query: URLSearchParams): void {
    client.on('error', (error) => this.#workspace.log.debug({ err: error }, 'agent socket failed'))
    const agent = this.#workspace.agents.get(query.get('agent_id') ?? '')
    const conversationId = agent && this.#conversationFor(agent, query.get('conversation_signature'))
    if (agent && conversationId) this.#open(client, agent, conversationId)
    else client.close(1008, agent ? BAD_SIGNATURE : NO_SUCH_AGENT)
  }

  /** Null when this signature, or the lack of one, opens no conversation with the agent. */
  #conversationFor(agent: AgentConfig, signature: string | null): string | null {
    if (signature) return this.#workspace.signedUrls.redeem(signature, agent.agent_id)
    return agent.platform_settings.auth.enable_auth ? null : newConversationId()
  }

  #open(client: WebSocket, agent: AgentConfig, conversationId: string): void {
    const record = this.#workspace.conversations.begin(conversationId, agent.agent_id)
    this.#live.set(conversationId, new AgentSession(client, this.#workspace, agent, record))
    client.once('close', () => this.#live.delete(conversationId))
  }
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
