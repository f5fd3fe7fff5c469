import pino from 'pino'
import type { AgentSettings } from '../../src/calls/agent-settings.ts'
import type { AgentAudio, AgentListener, AgentRequest, OverrideRefusal } from '../../src/media/agent-port.ts'
import { AgentSocket } from '../../src/voice-agents/elevenlabs/agent-socket.ts'

const AGENT: AgentSettings = {
  id: 'a1',
  name: 'Agent',
  backend: 'elevenlabs',
  vendorAgentId: null,
  model: null,
  turnDetection: null,
  voiceId: null,
  instructions: null,
  firstMessage: null,
  language: null,
}

export const REQUEST: AgentRequest = {
  callId: 'call-1',
  agent: AGENT,
  voiceId: null,
  refusedOverrides: [],
  conversationSoFar: [],
  from: '+15550100001',
  to: '+15550199999',
}

export const SILENCE_MS = 20_000

/** Everything that a connection reported, in order: `lost garbage`, `audio AAAA`. */
export class RecordedAgent implements AgentListener {
  readonly reports: string[] = []
  /** The vendor's own words, when the connection was lost. */
  detail: string | null = null
  isPermanent = false
  /** Known once it is ready. */
  formats: AgentAudio | null = null
  /** Resolves when the conversation is over for its listener. */
  readonly over: Promise<string>
  /** Called with every report, inside the connection's own call. */
  onReport: (report: string) => void = () => {}
  readonly #over = Promise.withResolvers<string>()

  constructor() {
    this.over = this.#over.promise
  }

  get ends(): string[] {
    return this.reports.filter((report) => /^(ended|lost)/.test(report))
  }

  ready = (id: string, audio: AgentAudio) => {
    this.formats = audio
    this.#report(`ready ${id}`)
  }
  audio = (payload: Buffer) => this.#report(`audio ${payload}`)
  interrupted = () => this.#report('interrupted')
  userTranscript = (text: string) => this.#report(`caller: ${text}`)
  agentTranscript = (text: string) => this.#report(`agent: ${text}`)
  agentTranscriptCorrected = (_original: string, spoken: string) => this.#report(`spoken: ${spoken}`)
  ended = () => this.#end('ended')
  refused = ({ override, voiceId, isGone }: OverrideRefusal) =>
    this.#report(`refused ${override}${isGone ? ', gone' : ''}; voice ${voiceId}`)
  lost = (cause: string, detail?: string, isPermanent = false) => {
    this.detail = detail ?? null
    this.isPermanent = isPermanent
    this.#end(`lost ${cause}`)
  }

  #report(report: string): void {
    this.reports.push(report)
    this.onReport(report)
  }

  #end(report: string): void {
    this.#report(report)
    this.#over.resolve(report)
  }
}

/** Connects to an agent at this address, or as `address` says. */
export function connect(
  address: string | ((signal: AbortSignal) => Promise<string>),
  change: Partial<AgentRequest> = {},
) {
  const agent = new RecordedAgent()
  const connection = new AgentSocket({
    request: { ...REQUEST, ...change },
    listener: agent,
    address: typeof address === 'string' ? async () => address : address,
    silenceTimeoutMs: SILENCE_MS,
    log: pino({ level: 'silent' }),
  })
  return { agent, connection }
}
