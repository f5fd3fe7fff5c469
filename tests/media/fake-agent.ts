import { TELEPHONE_AUDIO, type WireAudio } from '../../src/audio/audio-format.ts'
import type {
  AgentAudio,
  AgentCapabilities,
  AgentConnection,
  AgentListener,
  AgentRequest,
  VoiceAgent,
} from '../../src/media/agent-port.ts'

/** As Twilio has it. */
export const TELEPHONE: WireAudio = { ...TELEPHONE_AUDIO, wire: 'base64' }

/** One connection as the test's hand sees it: what was heard, and a mouth to speak with. */
export class FakeConnection implements AgentConnection {
  readonly request: AgentRequest
  readonly heard: string[] = []
  /** What was keyed in, one number each. */
  readonly keyedIn: string[] = []
  /** What the connection claims that its socket has not yet taken. */
  bufferedBytes = 0
  closes = 0
  readonly capabilities: AgentCapabilities
  /** What was said not to have been heard, in milliseconds, each time. */
  readonly unheard: number[] = []
  readonly #listener: AgentListener
  #isReady = false
  #over = false

  constructor(request: AgentRequest, listener: AgentListener, capabilities: AgentCapabilities) {
    this.request = request
    this.capabilities = capabilities
    this.#listener = listener
  }

  sendAudio(payload: Buffer): void {
    if (this.#isReady && !this.#over) this.heard.push(payload.toString('latin1'))
  }

  /** Whether the caller is on hold, each time that it was said. */
  readonly holds: boolean[] = []

  setOnHold(isOnHold: boolean): void {
    if (this.#isReady && !this.#over) this.holds.push(isOnHold)
  }

  truncate(unheardMs: number): void {
    if (this.#isReady && !this.#over) this.unheard.push(unheardMs)
  }

  sendDtmf(keys: string): void {
    if (this.#isReady && !this.#over) this.keyedIn.push(keys)
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

  get isOver(): boolean {
    return this.#over
  }

  begins(conversationId: string, audio: AgentAudio): void {
    this.#isReady = true
    this.says.ready(conversationId, audio)
  }

  ends(): void {
    const { says } = this
    this.#over = true
    says.ended()
  }

  isLost(cause: string, detail?: string, isPermanent?: boolean): void {
    const { says } = this
    this.#over = true
    says.lost(cause, detail, isPermanent)
  }
}

/** Connections are ready at once, unless a fault is switched on. */
export class FakeAgent implements VoiceAgent {
  /** How its connections hear and speak. */
  audio: AgentAudio = { inputFormat: TELEPHONE, outputFormat: TELEPHONE }
  capabilities: AgentCapabilities = { interrupt: true, truncate: false, textInput: true }
  readonly connections: FakeConnection[] = []
  /** `refuses`: every connection is lost at once. `hangs`: none is ever ready. `throws`: connecting fails. */
  fault: 'refuses' | 'hangs' | 'throws' | null = null
  /** What those that are refused for good are told. */
  words: string | undefined

  connect(request: AgentRequest, listener: AgentListener): AgentConnection {
    if (this.fault === 'throws') throw new Error('The agent’s address is not one.')
    const connection = new FakeConnection(request, listener, this.capabilities)
    this.connections.push(connection)
    const { fault, audio } = this
    queueMicrotask(() => {
      if (connection.isOver) return
      if (fault === 'refuses') connection.isLost('refused', this.words, this.words !== undefined)
      else if (fault === null) connection.begins(`conversation-${this.connections.length}`, audio)
    })
    return connection
  }

  get latest(): FakeConnection {
    const latest = this.connections.at(-1)
    if (latest === undefined) throw new Error('The agent has not been connected to.')
    return latest
  }
}
