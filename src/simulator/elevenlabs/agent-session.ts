import type { RawData, WebSocket } from 'ws'
import type { ClockScope } from '../clock-scope.ts'
import type { AgentConfig, ClientEvent } from './agent-config.ts'
import { type ClientMessage, type ConversationInit, readClientMessage } from './client-messages.ts'
import { Conversation } from './conversation.ts'
import { ConversationFailure } from './conversation-failure.ts'
import type { ConversationRecord } from './conversation-record.ts'
import { type ConversationSettings, settle } from './conversation-settings.ts'
import type { Workspace } from './workspace.ts'

/** How long a client may take to send its first message. */
const INIT_TIMEOUT_MS = 10_000
/** From the client's first message to the agent's metadata. */
const START_MS = 80
const PING_EVERY_MS = 2000
/** The WebSocket protocol has room for no more than this in a close frame. */
const CLOSE_REASON_BYTES = 123

/** Sent whatever the agent's `client_events` say: without them no client could take part. */
const ALWAYS_SENT: ReadonlySet<ClientEvent> = new Set(['conversation_initiation_metadata', 'ping'])

/** The agent's end of one WebSocket: reads and checks what the client says, and sends the conversation's events. */
export class AgentSession {
  readonly #socket: WebSocket
  readonly #workspace: Workspace
  readonly #agent: AgentConfig
  readonly #record: ConversationRecord
  /** Stopped with the session, and all that is to come in it. */
  readonly #clock: ClockScope
  #settings: ConversationSettings | null = null
  #conversation: Conversation | null = null
  #lastEventId = 0
  #pingedAt = 0
  #roundTripMs: number | undefined

  constructor(socket: WebSocket, workspace: Workspace, agent: AgentConfig, record: ConversationRecord) {
    this.#socket = socket
    this.#workspace = workspace
    this.#agent = agent
    this.#record = record
    this.#clock = workspace.clock.fork()
    socket.on('message', (data) => this.#receive(data))
    socket.once('close', (code) => this.#closed(code))
    this.#clock.after(INIT_TIMEOUT_MS, () => {
      if (!record.initData) this.#fail(noInit('within 10 s', 'transport_receive_timeout', 1002))
    })
  }

  /** Closes the socket properly, with `code`. */
  close(code: number, reason = ''): void {
    this.#record.terminationReason ||= reason
    // A character of more than one byte that is cut in two would break the whole frame.
    const ascii = reason.replace(/[^ -~]+/g, '?')
    this.#socket.close(code, ascii.slice(0, CLOSE_REASON_BYTES))
  }

  /** Breaks the connection without a word. */
  destroy(): void {
    this.#socket.terminate()
  }

  sendRaw(data: string | Buffer): void {
    this.#socket.send(data)
  }

  #receive(data: RawData): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    try {
      this.#obey(readClientMessage(data))
    } catch (error) {
      if (error instanceof ConversationFailure) {
        this.#fail(error)
      } else {
        this.#workspace.log.error({ err: error }, 'the simulated agent failed')
        this.close(1011, 'Internal error')
      }
    }
  }

  #obey(message: ClientMessage): void {
    if (message.type === 'conversation_initiation_client_data') {
      this.#begin(message)
    } else if (this.#record.initData) {
      this.#take(message)
    } else {
      throw noInit('before anything else', 'missing_fields', 1008)
    }
  }

  #take(message: ClientMessage): void {
    const record = this.#record
    switch (message.type) {
      case 'audio':
        record.audioMessagesReceived++
        record.audioBytesReceived += message.audio.length
        if (this.#workspace.keepsCallerAudio) record.callerAudio.push(message.audio)
        this.#conversation?.hear(message.audio)
        break
      case 'pong':
        record.pongs.push(message.event_id)
        this.#roundTripMs = Math.round(this.#clock.now() - this.#pingedAt)
        break
      case 'user_message':
        this.#conversation?.read(message.text ?? '')
        break
      case 'user_activity':
        this.#conversation?.callerActive()
        break
      case 'contextual_update':
        record.contextualUpdates.push(message.text)
        break
    }
  }

  #begin(init: ConversationInit): void {
    if (this.#record.initData) {
      throw new ConversationFailure('invalid_message', 'The conversation has already been initiated.')
    }
    this.#record.initData = init
    const settings = settle(this.#agent, init, this.#workspace.voices, this.#record.conversationId)
    this.#settings = settings
    this.#record.voiceId = settings.voiceId
    this.#record.status = 'in-progress'
    this.#clock.after(START_MS, () => this.#start(settings))
    this.#clock.after(settings.maxDurationMs, () => this.#fail(tooLong()))
  }

  #start(settings: ConversationSettings): void {
    this.#send('conversation_initiation_metadata', {
      conversation_initiation_metadata_event: {
        conversation_id: this.#record.conversationId,
        agent_output_audio_format: settings.outputFormat,
        user_input_audio_format: settings.inputFormat,
      },
    })
    this.#beat()
    this.#conversation = new Conversation(this.#clock, this.#workspace.script, settings, this.#record, {
      nextEventId: () => ++this.#lastEventId,
      send: (type, payload) => this.#send(type, payload),
      hangUp: () => this.close(1000, 'The agent ended the conversation.'),
    })
    this.#conversation.start()
  }

  #beat(): void {
    this.#conversation?.checkHearing()
    if (!this.#workspace.faults.stopPinging) {
      this.#pingedAt = this.#clock.now()
      this.#send('ping', { ping_event: { event_id: ++this.#lastEventId, ping_ms: this.#roundTripMs } })
    }
    this.#clock.after(PING_EVERY_MS, () => this.#beat())
  }

  #send(type: ClientEvent, payload: Record<string, unknown>): void {
    const wanted = ALWAYS_SENT.has(type) || this.#settings?.clientEvents.has(type)
    if (wanted && this.#socket.readyState === this.#socket.OPEN) {
      this.#socket.send(JSON.stringify({ type, ...payload }))
    }
  }

  #fail({ errorType, closeCode, message }: ConversationFailure): void {
    this.#record.error = { code: closeCode, reason: message }
    const error_event = { code: closeCode, error_type: errorType, message, reason: message }
    this.#socket.send(JSON.stringify({ type: 'error', error_event }))
    this.close(closeCode, message)
  }

  #closed(code: number): void {
    this.#clock.stop()
    this.#record.closeCode = code
    this.#record.terminationReason ||= 'The client ended the conversation.'
    const samples = this.#conversation?.stop() ?? new Int16Array()
    this.#workspace.conversations.finish(this.#record, samples)
  }
}

function noInit(when: string, type: 'missing_fields' | 'transport_receive_timeout', code: 1002 | 1008) {
  return new ConversationFailure(type, `conversation_initiation_client_data is expected ${when}.`, code)
}

function tooLong(): ConversationFailure {
  return new ConversationFailure('max_duration_exceeded', 'The conversation has lasted too long.', 1000)
}
