import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Logger } from 'pino'
import { type Clock, scaledClock } from '../../runtime/clock.ts'
import { ClockScope } from '../clock-scope.ts'
import { DEMO_SCRIPT, type Script } from '../script.ts'
import { type AgentConfig, phoneAgent } from './agent-config.ts'
import { AgentSockets } from './agent-sockets.ts'
import { ConversationLog } from './conversation-log.ts'
import type { ConversationRecord } from './conversation-record.ts'
import { Faults } from './faults.ts'
import type { PostCallWebhook } from './post-call.ts'
import { restApi } from './rest-api.ts'
import { SignedUrls } from './signed-urls.ts'
import { type SimulatedVoice, VoiceLibrary } from './voice-library.ts'
import type { Workspace } from './workspace.ts'

/** As long as a clone of a minute of speech takes with the real vendor. */
const DEFAULT_CLONE_DELAY_MS = 6000
/** Slots for cloned voices in a small plan. */
const DEFAULT_VOICE_LIMIT = 30

export type ElevenLabsOptions = {
  apiKey: string
  agentId: string
  log: Logger
  /** Where to listen on 127.0.0.1; 0, the default, is any free port. */
  port?: number
  /** How long a clone takes, or a function of the clone request's number, counted from 1. */
  cloneDelayMs?: number | ((request: number) => number)
  /** 1, the default, is real time; 0.05 lets everything happen twenty times as fast. */
  timeScale?: number
  /** Time itself, for a test that gives it; takes the place of `timeScale`. */
  clock?: Clock
  voiceLimit?: number
  script?: Script
  postCallWebhook?: PostCallWebhook | null
  /** Keeps what agents hear as it came, for a test to listen to; it is megabytes for each minute. */
  keepsCallerAudio?: boolean
}

/** A running simulated vendor: where it is, what a test can make go wrong, and what it saw. */
export class SimulatedElevenLabs extends Faults {
  readonly #server = createServer()
  readonly #sockets: AgentSockets
  readonly #workspace: Workspace
  #url = ''
  #stopped: Promise<void> | null = null

  constructor(options: ElevenLabsOptions) {
    super()
    this.#workspace = createWorkspace(options, this)
    this.#sockets = new AgentSockets(this.#workspace)
    this.#server.on('request', restApi(this.#workspace))
    this.#server.on('upgrade', (request, socket, head) => this.#sockets.upgrade(request, socket, head))
  }

  async listen(port: number): Promise<void> {
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** The origin for `ELEVENLABS_BASE_URL` and the SDK's `baseUrl`. */
  get url(): string {
    return this.#url
  }

  /** By voice id; premade ones too. */
  get voices(): Map<string, SimulatedVoice> {
    return this.#workspace.voices.voices
  }

  /** By agent id; may be changed and added to. */
  get agents(): Map<string, AgentConfig> {
    return this.#workspace.agents
  }

  /** By conversation id, oldest first; live ones too. */
  get conversations(): ReadonlyMap<string, ConversationRecord> {
    return this.#workspace.conversations.records
  }

  get liveConversationIds(): string[] {
    return this.#sockets.liveConversationIds
  }

  get cloneRequests(): number {
    return this.#workspace.counts.clone
  }

  get speechRequests(): number {
    return this.#workspace.counts.speech
  }

  get signedUrlRequests(): number {
    return this.#workspace.counts.signedUrl
  }

  /** Destroys the socket of a live conversation without a close frame, mid-word if the agent is speaking. */
  dropAgentSocket(conversationId: string): void {
    this.#sockets.session(conversationId).destroy()
  }

  /** Closes one live conversation, or all of them, with this code. */
  closeAgent(code: number, conversationId?: string): void {
    const ids = conversationId === undefined ? this.liveConversationIds : [conversationId]
    for (const id of ids) this.#sockets.session(id).close(code, 'Closed by the test.')
  }

  /** Sends `data` as it is to the client of a live conversation; a Buffer goes as a binary message. */
  sendGarbage(conversationId: string, data: string | Buffer): void {
    this.#sockets.session(conversationId).sendRaw(data)
  }

  /** Ends everything: sockets, requests that hang, timers, webhooks under way. May be called again. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    this.#workspace.clock.stop()
    const closed = new Promise((resolve) => this.#server.close(resolve))
    await this.#sockets.stop()
    await this.#workspace.conversations.stop()
    this.#server.closeAllConnections()
    await closed
  }
}

/**
 * Starts a vendor that speaks ElevenLabs' REST and WebSocket protocols on 127.0.0.1, with one account and one agent.
 * @throws when the port is taken or `timeScale` is not above 0.
 */
export async function startElevenLabs(options: ElevenLabsOptions): Promise<SimulatedElevenLabs> {
  const simulator = new SimulatedElevenLabs(options)
  await simulator.listen(options.port ?? 0)
  return simulator
}

function createWorkspace(options: ElevenLabsOptions, faults: Faults): Workspace {
  const { apiKey, agentId, log, script = DEMO_SCRIPT, cloneDelayMs = DEFAULT_CLONE_DELAY_MS } = options
  const clock = new ClockScope(options.clock ?? scaledClock(options.timeScale ?? 1))
  const agents = new Map([[agentId, phoneAgent(agentId, script)]])
  return {
    apiKey,
    clock,
    log,
    faults,
    script,
    agents,
    voices: new VoiceLibrary(options.voiceLimit ?? DEFAULT_VOICE_LIMIT),
    signedUrls: new SignedUrls(clock),
    conversations: new ConversationLog(clock, agents, options.postCallWebhook ?? null, log),
    keepsCallerAudio: options.keepsCallerAudio ?? false,
    counts: { clone: 0, speech: 0, signedUrl: 0, speechCharacters: 0 },
    cloneDelayMs: (request) => (typeof cloneDelayMs === 'function' ? cloneDelayMs(request) : cloneDelayMs),
  }
}
