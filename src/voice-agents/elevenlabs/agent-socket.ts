import type { Logger } from 'pino'
import { type RawData, WebSocket } from 'ws'
import type { AgentOverride } from '../../../machines/call-events.ts'
import type {
  AgentCapabilities,
  AgentConnection,
  AgentListener,
  AgentRequest,
  OverrideRefusal,
} from '../../media/agent-port.ts'
import { awakeMs, loopDelay } from '../../runtime/loop-delay.ts'
import { vendorWords } from '../../voices/ports.ts'
import { hangUp } from '../hang-up.ts'
import { readRefusedUpgrade, wordsOf } from '../refused-upgrade.ts'
import { audioOfFormat } from './agent-audio.ts'
import { AudioCutter, callerAudio } from './audio-message.ts'
import {
  type AgentMessage,
  contextualUpdate,
  pong,
  readAgentMessage,
  toolFailed,
  userActivity,
  userMessage,
} from './codec.ts'
import { isPermanent } from './errors.ts'
import { historyOf, initiation, LINE_RESTORED, overridesOf, welcomeFor } from './initiation.ts'
import { REFUSED, type Refused, refusalIn } from './override-refusal.ts'

/** Shorter than the chart's own patience, so that the cause is known when a call gives up. */
const CONNECT_MS = 8_000
/** A second of audio is 11 to 128 kB of base64 and an alignment; a quarter of a minute at once is no message of this protocol. */
const MAX_MESSAGE_BYTES = 2 * 1024 * 1024
/** One odd message is the vendor's new idea; this many are noise. */
const MAX_INVALID = 20
/** How long the last words may still come in after the agent hung up. */
const LAST_WORDS_MS = 2_000
const WATCH_MS = 1_000
const AS_TEXT = { binary: false, compress: false }
const HANGS_UP = 'end_call'
const ON_HOLD =
  'The caller has put the call on hold: they hear nothing now, and say nothing. Wait in silence until you are told that they are back.'
const BACK = 'The caller is back on the line, and hears you again.'
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
  /** What the vendor refused to change about the agent, and what it took. */
  onRefused?: (override: AgentOverride, isGone: boolean) => void
  onAccepted?: (overrides: AgentOverride[]) => void
  log: Logger
}

type Outcome =
  | { kind: 'ended' }
  | { kind: 'lost'; cause: string; detail?: string | null; isPermanent?: boolean }

const CAPABILITIES: AgentCapabilities = { interrupt: true, truncate: false, textInput: true }

/** One conversation with an ElevenLabs agent over its WebSocket; it ends once, by `#finish`. */
export class AgentSocket implements AgentConnection {
  readonly capabilities = CAPABILITIES
  readonly #options: AgentSocketOptions
  readonly #giveUp = new AbortController()
  readonly #audioCutter = new AudioCutter()
  #socket: WebSocket | null = null
  #isReady = false
  #isOver = false
  #invalid = 0
  /** Audio of an event below this was talked over by the caller. */
  #heardFrom = Number.NEGATIVE_INFINITY
  #lastMessageAt = awakeMs()
  /** Why the vendor closes, as a slug and in its own words. */
  #saidWhy: string | null = null
  #words: string | null = null
  /** Without what the vendor has refused. */
  #request: AgentRequest
  /** Guesses at what was refused, told when a connection without it is let in. */
  #guesses: OverrideRefusal[] = []
  #hasHungUp = false
  #isOnHold = false
  /** Calls off whatever is to end this in time. */
  #cancelDeadline: (() => void) | null
  #watch: NodeJS.Timeout | null = null

  constructor(options: AgentSocketOptions) {
    this.#options = options
    this.#request = options.request
    const tooLate: Outcome = { kind: 'lost', cause: 'connect_timeout' }
    this.#cancelDeadline = loopDelay.after(CONNECT_MS, () => this.#finish(tooLate))
    this.#connect()
  }

  get bufferedBytes(): number {
    return this.#socket?.bufferedAmount ?? 0
  }

  sendAudio(payload: Buffer): void {
    if (this.#isReady) this.#socket?.send(callerAudio(payload), AS_TEXT)
  }

  /** A turn of the caller's, since a mere context would be left without an answer. */
  sendDtmf(keys: string): void {
    if (!this.#isReady) return
    const text = keyedIn(keys)
    this.#socket?.send(userMessage(text))
    this.#options.listener.userTranscript(text)
  }

  setOnHold(isOnHold: boolean): void {
    if (!this.#isReady) return
    this.#isOnHold = isOnHold
    this.#socket?.send(contextualUpdate(isOnHold ? ON_HOLD : BACK))
  }

  /** The vendor reckons by itself what was heard (`agent_response_correction`). */
  truncate(): void {}

  close(): void {
    this.#end()
  }

  #connect(): void {
    const { address, log, request } = this.#options
    address(this.#giveUp.signal).then(
      (url) => this.#open(url),
      (error: unknown) => {
        log.warn({ err: error, callId: request.callId }, 'the agent has no address')
        const detail = error instanceof Error ? vendorWords(error.message) : null
        this.#finish({ kind: 'lost', cause: 'no_address', detail, isPermanent: isPermanent(error) })
      },
    )
  }

  #open(url: string): void {
    if (this.#isOver) return
    const socket = this.#dial(url)
    if (!socket) return
    this.#socket = socket
    socket.on('open', () => socket.send(initiation(this.#request)))
    socket.on('unexpected-response', (_, answer) => {
      void readRefusedUpgrade(answer).then((refusal) => {
        const detail = vendorWords(wordsOf(refusal))
        this.#finish({ kind: 'lost', cause: `http_${answer.statusCode}`, detail })
      })
    })
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary))
    socket.on('close', (code, reason) => this.#closed(code, reason.toString()))
    // A refused handshake, a broken connection or a frame against the rules; `close` follows, and this knows why.
    socket.on('error', (error: Error & { code?: string }) => {
      if (this.#isOver) return
      this.#words ??= error.code ?? null
      this.#options.log.warn(
        { err: error, callId: this.#options.request.callId },
        "the agent's socket failed",
      )
      this.#saidWhy ??= this.#isReady ? 'connection_broken' : 'connection_refused'
    })
  }

  /** An agent that may not be changed in what this call asks for is better than none to talk to. */
  #closed(code: number, reason: string): void {
    if (this.#isOver) return
    const words = vendorWords([this.#words, reason].filter(Boolean).join(': '))
    const closing = { code, errorType: this.#saidWhy, words }
    const refused = this.#isReady ? null : refusalIn(closing, overridesOf(this.#request))
    if (!refused) {
      this.#finish(this.#outcomeOf(code, words))
      return
    }
    this.#doWithout(refused, words)
    this.#saidWhy = null
    this.#words = null
    this.#connect()
  }

  #doWithout({ overrides, isGone, isNamed }: Refused, words: string | null): void {
    const { log, listener, request, onRefused } = this.#options
    for (const override of overrides) {
      if (override === 'voice') this.#request = { ...this.#request, voiceId: this.#otherVoice(isGone) }
      else {
        const refusedOverrides = [...this.#request.refusedOverrides, override]
        this.#request = { ...this.#request, refusedOverrides }
      }
      log.warn({ callId: request.callId, override, words }, 'the agent is connected without what was refused')
      onRefused?.(override, isGone)
      const { voiceId } = this.#request
      const refusal = { override, voiceId, isGone, ...(words && { detail: words }) }
      if (isNamed) listener.refused(refusal)
      else this.#guesses.push(refusal)
    }
  }

  /** Where only this voice is gone, the one that is set here for callers without their own may do. */
  #otherVoice(isGone: boolean): string | null {
    const { voiceId, agent } = this.#request
    return isGone && agent.voiceId !== voiceId ? agent.voiceId : null
  }

  #dial(url: string): WebSocket | null {
    try {
      return new WebSocket(url, {
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
    this.#lastMessageAt = awakeMs()
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
      case 'user-transcript':
        if (!isOurs(message.text)) listener.userTranscript(message.text)
        return
      case 'agent-transcript':
        listener.agentTranscript(message.text)
        return
      case 'agent-transcript-corrected':
        listener.agentTranscriptCorrected(message.original, message.spoken)
        return
      case 'tool-call':
        this.#socket?.send(toolFailed(message.callId, `This phone line has no tool called ${message.name}.`))
        return
      case 'tool-response':
        if (message.name === HANGS_UP && !message.isError) this.#endSoon()
        return
      case 'error':
        this.#saidWhy = message.errorType ?? 'error'
        this.#words = message.words
        return
      case 'invalid':
        this.#countInvalid(message.why)
        return
      case 'other':
    }
  }

  #begin({ conversationId, agentFormat, callerFormat }: Extract<AgentMessage, { kind: 'metadata' }>): void {
    if (this.#isReady) return
    const [outputFormat, inputFormat] = [audioOfFormat(agentFormat), audioOfFormat(callerFormat)]
    if (outputFormat === null || inputFormat === null) {
      const { log, request } = this.#options
      log.error(
        { callId: request.callId, agentFormat, callerFormat },
        'the agent has an unknown audio format',
      )
      this.#finish({ kind: 'lost', cause: 'unknown_format', isPermanent: true })
      return
    }
    this.#clearDeadline()
    this.#isReady = true
    this.#goOn()
    this.#watch = setInterval(() => this.#lookAfter(), WATCH_MS)
    this.#options.onAccepted?.(overridesOf(this.#request))
    for (const guess of this.#guesses.splice(0)) this.#options.listener.refused(guess)
    this.#options.listener.ready(conversationId, { inputFormat, outputFormat })
  }

  /** A conversation that was cut off is told to the agent, who goes on with it. */
  #goOn(): void {
    const history = historyOf(this.#options.request.conversationSoFar)
    if (history) this.#socket?.send(contextualUpdate(history))
    if (welcomeFor(this.#request) === 'none') this.#socket?.send(userMessage(LINE_RESTORED))
  }

  /** To an agent, a silent caller is one who has to be asked whether they are there; one on hold is not. */
  #lookAfter(): void {
    if (this.#isOnHold) this.#socket?.send(userActivity)
    this.#checkSilence()
  }

  #checkSilence(): void {
    const silentMs = awakeMs() - this.#lastMessageAt
    if (silentMs > this.#options.silenceTimeoutMs) this.#finish({ kind: 'lost', cause: 'silent' })
  }

  /** The vendor usually closes by itself once the agent hung up. */
  #endSoon(): void {
    this.#hasHungUp = true
    this.#cancelDeadline ??= loopDelay.after(LAST_WORDS_MS, () => this.#finish({ kind: 'ended' }))
  }

  #countInvalid(why: string): void {
    const { log, request } = this.#options
    log.debug({ callId: request.callId, why }, 'the agent sent something that is no message')
    if (++this.#invalid > MAX_INVALID) this.#finish({ kind: 'lost', cause: 'garbage' })
  }

  /** 1000 is the vendor's word for a conversation that ended in order (its AsyncAPI document, close codes). */
  #outcomeOf(code: number, words: string | null): Outcome {
    if (this.#isReady && (code === 1000 || this.#hasHungUp)) return { kind: 'ended' }
    if (this.#saidWhy === LASTED_TOO_LONG) return { kind: 'ended' }
    // What it finds fault with at the beginning would be said to it again.
    const isPermanent = !this.#isReady && code === REFUSED && this.#saidWhy !== null
    return { kind: 'lost', cause: this.#saidWhy ?? `closed_${code}`, detail: words, isPermanent }
  }

  #finish(outcome: Outcome): void {
    if (!this.#end()) return
    const { listener } = this.#options
    if (outcome.kind === 'ended') listener.ended()
    else listener.lost(outcome.cause, outcome.detail ?? undefined, outcome.isPermanent)
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
    this.#cancelDeadline?.()
    this.#cancelDeadline = null
  }
}
