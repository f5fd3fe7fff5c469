import type { AgentConnection, AgentListener, AgentRequest, VoiceAgent } from '../../src/calls/ports.ts'

/** One connection as the test's hand sees it: what was heard, and a mouth to speak with. */
export class FakeConnection implements AgentConnection {
  readonly request: AgentRequest
  readonly heard: string[] = []
  /** What the connection claims that its socket has not yet taken. */
  bufferedBytes = 0
  closes = 0
  readonly #listener: AgentListener
  #over = false

  constructor(request: AgentRequest, listener: AgentListener) {
    this.request = request
    this.#listener = listener
  }

  sendAudio(payload: Buffer): void {
    this.heard.push(payload.toString('latin1'))
  }

  close(): void {
    this.closes++
    this.#over = true
  }

  /** What the connection says next; nothing, once it is over. */
  get says(): AgentListener {
    if (this.#over) throw new Error('A connection that is over was made to speak.')
    return this.#listener
  }

  ends(): void {
    this.says.ended()
    this.#over = true
  }

  isLost(cause: string): void {
    this.says.lost(cause)
    this.#over = true
  }
}

/** Connections are ready at once, unless a fault is switched on. */
export class FakeAgent implements VoiceAgent {
  readonly connections: FakeConnection[] = []
  /** `refuses`: every connection is lost at once. `hangs`: none is ever ready. `throws`: connecting fails. */
  fault: 'refuses' | 'hangs' | 'throws' | null = null

  connect(request: AgentRequest, listener: AgentListener): AgentConnection {
    if (this.fault === 'throws') throw new Error('The agent’s address is not one.')
    const connection = new FakeConnection(request, listener)
    this.connections.push(connection)
    const { fault } = this
    queueMicrotask(() => {
      if (fault === 'refuses') connection.isLost('refused')
      else if (fault === null) connection.says.ready(`conversation-${this.connections.length}`)
    })
    return connection
  }

  get latest(): FakeConnection {
    const latest = this.connections.at(-1)
    if (latest === undefined) throw new Error('The agent has not been connected to.')
    return latest
  }
}
