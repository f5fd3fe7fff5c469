import type { Logger } from 'pino'
import { type RawData, WebSocket } from 'ws'
import type { AgentConnection, AgentListener, AgentRequest } from '../../calls/ports.ts'
import { audioOfFormat } from './agent-audio.ts'
import { AudioCutter, callerAudio } from './audio-message.ts'
import {
  type AgentMessage,
  contextualUpdate,
  pong,
  readAgentMessage,
  toolFailed,
  userMessage,
} from './codec.ts'
import { historyOf, initiation, LINE_RESTORED, type Welcome, welcomeFor } from './initiation.ts'

/** Shorter than the chart's own patience, so that the cause is known when a call gives up. */
const CONNECT_MS = 8_000
/** A second of audio is 11 to 128 kB of base64 and an alignment; a quarter of a minute at once is no message of this protocol. */
const MAX_MESSAGE_BYTES = 2 * 1024 * 1024
/** One odd message is the vendor's new idea; this many are noise. */
const MAX_INVALID = 20
/** How long the last words may still come in after the agent hung up. */
const LAST_WORDS_MS = 2_000
const CLOSE_PATIENCE_MS = 2_000
const WATCH_MS = 1_000
const AS_TEXT = { binary: false, compress: false }
const HANGS_UP = 'end_call'
/** The vendor's close code for an override that is not switched on (its AsyncAPI document, close codes). */
const REFUSED = 1008
const LASTED_TOO_LONG = 'max_duration_exceeded'

/** What the caller's turn is that was made with keys. */
const keyedIn = (keys: string): string => `(I pressed ${[...keys].join(' ')} on the keypad.)`

/** Whatever we wrote in the caller's name may come back among what the caller said. */
const isOurs = (text: string): boolean =>
  text === LINE_RESTORED || /^\(I pressed .* on the keypad\.\)$/.test(text)

export type AgentSocketOptions = {
  request: AgentRequest
  listener: AgentListener
  /** Where this conversation is to be had. */
  address: (signal: AbortSignal) => Promise<string>
  silenceTimeoutMs: number
  log: Logger
}

type Outcome = { kind: 'ended' } | { kind: 'lost'; cause: string }

/** One conversation with an ElevenLabs agent over its WebSocket; it ends once, by `#finish`. */
export class AgentSocket implements AgentConnection {
  readonly #options: AgentSocketOptions
  readonly #giveUp = new AbortController()
  readonly #audioCutter = new AudioCutter()
  #socket: WebSocket | null = null
  #isReady = false
  #isOver = false
  #invalid = 0
  /** Audio of an event below this was talked over by the caller. */
  #heardFrom = Number.NEGATIVE_INFINITY
  #lastMessageAt = performance.now()
  #saidWhy: string | null = null
  #welcome: Welcome
  #hasHungUp = false
  #deadline: NodeJS.Timeout | null
  #watch: NodeJS.Timeout | null = null

  constructor(options: AgentSocketOptions) {
    this.#options = options
    this.#welcome = welcomeFor(options.request)
    this.#deadline = setTimeout(() => this.#finish({ kind: 'lost', cause: 'connect_timeout' }), CONNECT_MS)
    this.#connect()
  }

  get bufferedBytes(): number {
    return this.#socket?.bufferedAmount ?? 0
  }

  sendAudio(payload: Buffer): void {
    if (this.#isReady) this.#socket?.send(callerAudio(payload), AS_TEXT)
  }

  /** A turn of the caller's, since a mere context would be left without an answer. */
  pressed(keys: string): void {
    if (!this.#isReady) return
    const text = keyedIn(keys)
    this.#socket?.send(userMessage(text))
    this.#options.listener.callerSaid(text)
  }

  close(): void {
    this.#end()
  }

  #connect(): void {
    const { address, log, request } = this.#options
    address(this.#giveUp.signal).then(
      (url) => this.#open(url),
      (error: unknown) => {
        log.warn({ err: error, callId: request.callId }, 'the agent has no address')
        this.#finish({ kind: 'lost', cause: 'no_address' })
      },
    )
  }

  #open(url: string): void {
    if (this.#isOver) return
    const socket = this.#dial(url)
    if (!socket) return
    this.#socket = socket
    socket.on('open', () => socket.send(initiation(this.#options.request, this.#welcome)))
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary))
    socket.on('close', (code) => this.#closed(code))
    // A refused handshake, a broken connection or a frame against the rules; `close` follows, and this knows why.
    socket.on('error', (error) => {
      this.#options.log.warn(
        { err: error, callId: this.#options.request.callId },
        "the agent's socket failed",
      )
      this.#saidWhy ??= this.#isReady ? 'connection_broken' : 'connection_refused'
    })
  }

  /** A vendor's agent may have no leave to be told what it says first: a second welcome is better than none to talk to. */
  #closed(code: number): void {
    const isRefused = code === REFUSED && !this.#isReady && this.#welcome === 'none'
    if (!isRefused || this.#isOver) {
      this.#finish(this.#outcomeOf(code))
      return
    }
    this.#welcome = 'as set up'
    this.#saidWhy = null
    this.#connect()
  }

  #dial(url: string): WebSocket | null {
    try {
      return new WebSocket(url, {
        handshakeTimeout: CONNECT_MS,
        maxPayload: MAX_MESSAGE_BYTES,
        perMessageDeflate: false,
      })
    } catch {
      // The vendor signed something that is no WebSocket URL.
      this.#finish({ kind: 'lost', cause: 'bad_address' })
      return null
    }
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#isOver) return
    this.#lastMessageAt = performance.now()
    this.#handle(readAgentMessage(data as Buffer, isBinary, this.#audioCutter))
  }

  #handle(message: AgentMessage): void {
    const { listener } = this.#options
    switch (message.kind) {
      case 'audio':
        if (message.eventId >= this.#heardFrom) listener.audio(message.payload)
        return
      case 'ping':
        this.#socket?.send(pong(message.eventId))
        return
      case 'metadata':
        this.#begin(message)
        return
      case 'interruption':
        this.#heardFrom = message.eventId
        listener.interrupted()
        return
      case 'caller-said':
        if (!isOurs(message.text)) listener.callerSaid(message.text)
        return
      case 'agent-said':
        listener.agentSaid(message.text)
        return
      case 'agent-corrected':
        listener.agentCorrected(message.original, message.spoken)
        return
      case 'tool-call':
        this.#socket?.send(toolFailed(message.callId, `This phone line has no tool called ${message.name}.`))
        return
      case 'tool-response':
        if (message.name === HANGS_UP && !message.isError) this.#endSoon()
        return
      case 'error':
        this.#saidWhy = message.errorType ?? 'error'
        return
      case 'invalid':
        this.#countInvalid(message.why)
        return
      case 'other':
    }
  }

  #begin({ conversationId, agentFormat, callerFormat }: Extract<AgentMessage, { kind: 'metadata' }>): void {
    if (this.#isReady) return
    const [speaks, hears] = [audioOfFormat(agentFormat), audioOfFormat(callerFormat)]
    if (speaks === null || hears === null) {
      const { log, request } = this.#options
      log.error(
        { callId: request.callId, agentFormat, callerFormat },
        'the agent has an unknown audio format',
      )
      this.#finish({ kind: 'lost', cause: 'unknown_format' })
      return
    }
    this.#clearDeadline()
    this.#isReady = true
    this.#goOn()
    this.#watch = setInterval(() => this.#checkSilence(), WATCH_MS)
    this.#options.listener.ready(conversationId, { hears, speaks })
  }

  /** A conversation that was cut off is told to the agent, who goes on with it. */
  #goOn(): void {
    const history = historyOf(this.#options.request.conversationSoFar)
    if (history) this.#socket?.send(contextualUpdate(history))
    if (this.#welcome === 'none') this.#socket?.send(userMessage(LINE_RESTORED))
  }

  #checkSilence(): void {
    const silentMs = performance.now() - this.#lastMessageAt
    if (silentMs > this.#options.silenceTimeoutMs) this.#finish({ kind: 'lost', cause: 'silent' })
  }

  /** The vendor usually closes by itself once the agent hung up. */
  #endSoon(): void {
    this.#hasHungUp = true
    this.#deadline ??= setTimeout(() => this.#finish({ kind: 'ended' }), LAST_WORDS_MS)
  }

  #countInvalid(why: string): void {
    const { log, request } = this.#options
    log.debug({ callId: request.callId, why }, 'the agent sent something that is no message')
    if (++this.#invalid > MAX_INVALID) this.#finish({ kind: 'lost', cause: 'garbage' })
  }

  /** 1000 is the vendor's word for a conversation that ended in order (its AsyncAPI document, close codes). */
  #outcomeOf(code: number): Outcome {
    if (this.#isReady && (code === 1000 || this.#hasHungUp)) return { kind: 'ended' }
    if (this.#saidWhy === LASTED_TOO_LONG) return { kind: 'ended' }
    return { kind: 'lost', cause: this.#saidWhy ?? `closed_${code}` }
  }

  #finish(outcome: Outcome): void {
    if (!this.#end()) return
    const { listener } = this.#options
    if (outcome.kind === 'ended') listener.ended()
    else listener.lost(outcome.cause)
  }

  /** The one way out: no timer, request or socket is left. False when it was taken before. */
  #end(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    this.#isReady = false
    this.#clearDeadline()
    if (this.#watch) clearInterval(this.#watch)
    this.#giveUp.abort()
    if (this.#socket) hangUp(this.#socket)
    return true
  }

  #clearDeadline(): void {
    if (this.#deadline) clearTimeout(this.#deadline)
    this.#deadline = null
  }
}

function hangUp(socket: WebSocket): void {
  if (socket.readyState === WebSocket.CLOSED) return
  if (socket.readyState === WebSocket.CONNECTING) {
    socket.terminate()
    return
  }
  const cutOff = setTimeout(() => socket.terminate(), CLOSE_PATIENCE_MS)
  socket.once('close', () => clearTimeout(cutOff))
  socket.close(1000)
}
