import type { Logger } from 'pino'
import { millisecondsOf } from '../../../audio/audio-format.ts'
import type {
  AgentCapabilities,
  AgentConnection,
  AgentListener,
  AgentRequest,
} from '../../../media/agent-port.ts'
import { awakeMs } from '../../../runtime/loop-delay.ts'
import type { OpenAiAccount } from '../account.ts'
import { keyedIn } from '../agent-wish.ts'
import { type ApiError, lossBy } from '../errors.ts'
import { Handover, type Pause } from '../handover.ts'
import type { SessionEnd, SessionTerm } from '../session-term.ts'
import { PAUSE_MS, SpokenAudio, TELEPHONE, tellEnd, voiceRefused } from '../telephone.ts'
import { WordsSaid } from '../words-said.ts'
import {
  functionFailed,
  greeting,
  HANGS_UP,
  heardOf,
  type Option,
  replayed,
  userText,
} from './client-events.ts'
import { Responses } from './responses.ts'
import { RealtimeSession, type SessionListener, type SessionMessage } from './session.ts'
import { SpokenItems } from './spoken-items.ts'

/** Five minutes of sixty; a session that hears nobody costs nothing. */
const LEAD_SHARE = 1 / 12

const ON_HOLD = '(I put the call on hold: I hear nothing now, and say nothing. Say nothing until I am back.)'
const BACK = '(I am back on the line, and hear you again.)'
const LINE_RESTORED =
  '(The line was interrupted for a moment and is restored. Say so in a few words and go on where we stopped.)'

const CAPABILITIES: AgentCapabilities = { interrupt: true, truncate: true, textInput: true }

export type ConversationOptions = {
  request: AgentRequest
  listener: AgentListener
  account: OpenAiAccount
  model: string
  transcribeModel: string
  silenceTimeoutMs: number
  log: Logger
}

/** A call's conversation with an agent of OpenAI's, over one session of the vendor's after the other. */
export class RealtimeConversation implements AgentConnection {
  readonly capabilities = CAPABILITIES
  readonly #options: ConversationOptions
  readonly #log: Logger
  readonly #handover: Handover<RealtimeSession, SessionMessage>
  readonly #said: WordsSaid
  readonly #audio = new SpokenAudio()
  readonly #without = new Set<Option>()
  #session: RealtimeSession
  #responses: Responses
  #spoken = new SpokenItems()
  #isReady = false
  #isOver = false
  #callerSpeaks = false
  #lastActAt = 0
  /** The response in which the agent hangs up. */
  #hangsUpIn: string | null = null

  constructor(options: ConversationOptions) {
    const { request } = options
    this.#options = options
    this.#log = options.log.child({ callId: request.callId })
    this.#said = new WordsSaid(request.conversationSoFar)
    this.#responses = this.#newResponses()
    const listener = this.#sessionListener()
    this.#session = this.#open(listener)
    this.#handover = new Handover({
      leadShare: LEAD_SHARE,
      open: (next) => this.#open({ ...next, doesWithout: () => {} }),
      pause: () => this.#pause,
      log: this.#log,
      listener,
      takeOver: (session, term) => this.#goOnIn(session, term),
    })
  }

  get bufferedBytes(): number {
    return this.#session.bufferedBytes
  }

  sendAudio(payload: Buffer): void {
    if (this.#isReady) this.#session.sendAudio(payload)
  }

  /** A turn of the caller's, who cuts in with it as with a word. */
  sendDtmf(keys: string): void {
    if (!this.#isReady) return
    if (this.#isTalking) {
      this.#responses.cancel()
      this.#interrupted()
      if (this.#isOver) return
    }
    const text = keyedIn(keys)
    this.#session.send(userText(text))
    this.#heardCaller(text)
    this.#responses.ask()
  }

  setOnHold(isOnHold: boolean): void {
    if (this.#isReady) this.#session.send(userText(isOnHold ? ON_HOLD : BACK))
  }

  /** The model is to remember what the caller has heard, and nothing else: also of what it is charged for in each turn to come. */
  truncate(unheardMs: number): void {
    if (!this.#isReady) return
    for (const { id, heardMs, words } of this.#spoken.cut(unheardMs)) {
      this.#session.send(heardOf(id, heardMs))
      if (words === null) continue
      this.#said.cut(words)
      this.#options.listener.agentTranscriptCorrected(words.original, words.spoken)
    }
  }

  close(): void {
    this.#end()
  }

  #newResponses(): Responses {
    return new Responses((event) => this.#session.send(event))
  }

  #open(listener: SessionListener): RealtimeSession {
    const { account, model, transcribeModel, silenceTimeoutMs, request, log } = this.#options
    const { agent, callId, voiceId } = request
    return new RealtimeSession({
      account,
      model,
      silenceTimeoutMs,
      callId,
      listener,
      log,
      wish: { agent, voiceId, transcribeModel, without: this.#without },
    })
  }

  #sessionListener(): SessionListener {
    return {
      doesWithout: (option, error) => this.#doWithout(option, error),
      opened: (term) => this.#begin(term),
      message: (message) => this.#handle(message),
      over: (end) => this.#sessionOver(end),
    }
  }

  /** Of these, the call keeps account of the voice alone. */
  #doWithout(option: Option, error: ApiError): void {
    this.#without.add(option)
    if (option !== 'voice') return
    this.#options.listener.refused(voiceRefused(error))
  }

  #begin(term: SessionTerm): void {
    const { request, listener } = this.#options
    this.#isReady = true
    this.#handover.began(term)
    this.#replay()
    if (request.conversationSoFar.length === 0) this.#responses.ask(greeting(request.agent))
    else {
      this.#session.send(userText(LINE_RESTORED))
      this.#responses.ask()
    }
    listener.ready(term.sessionId, { inputFormat: TELEPHONE, outputFormat: TELEPHONE })
  }

  #replay(): void {
    for (const turn of this.#said.latest()) for (const event of replayed(turn)) this.#session.send(event)
  }

  /** The agent speaks, is about to, or may still be heard. */
  get #isTalking(): boolean {
    return this.#responses.isBusy || this.#audio.mayBeHeard
  }

  get #pause(): Pause {
    if (this.#isTalking) return 'none'
    const isQuiet = !this.#callerSpeaks && awakeMs() - this.#lastActAt >= PAUSE_MS
    return isQuiet ? 'quiet' : 'agent-done'
  }

  /** The vendor's next session goes on where the one before it ends; it has heard nothing, and is told the words. */
  #goOnIn(session: RealtimeSession, term: SessionTerm): void {
    this.#session.close()
    this.#session = session
    this.#responses = this.#newResponses()
    this.#spoken = new SpokenItems()
    this.#callerSpeaks = false
    this.#replay()
    this.#handover.began(term)
    this.#log.info({ session: term.sessionId }, 'the conversation goes on in the next session')
  }

  #sessionOver(end: SessionEnd): void {
    if (end.kind === 'lost' && this.#isReady && !end.isPermanent && this.#handover.takeOver()) return
    if (!this.#end()) return
    tellEnd(this.#options.listener, end)
  }

  #handle(message: SessionMessage): void {
    this.#lastActAt = awakeMs()
    switch (message.kind) {
      case 'audio':
        if (this.#responses.hears(message.responseId)) this.#play(message.itemId, message.payload)
        return
      case 'speech-started':
        this.#callerSpeaks = true
        if (!this.#isTalking) return
        this.#responses.interrupt()
        this.#interrupted()
        return
      case 'speech-stopped':
        this.#callerSpeaks = false
        return
      case 'response-created':
        this.#responses.created(message.responseId)
        return
      case 'response-done':
        this.#responseDone(message)
        return
      case 'caller-transcript':
        if (message.text !== '') this.#heardCaller(message.text)
        return
      case 'caller-transcript-failed':
        this.#log.info({ code: message.error.code }, 'what the caller said could not be written down')
        return
      case 'agent-transcript':
        if (this.#responses.hears(message.responseId)) this.#agentSays(message)
        return
      case 'function-call':
        this.#onFunctionCall(message)
        return
      case 'error':
        if (message.error.code === 'conversation_already_has_active_response') this.#responses.refused()
    }
  }

  #play(itemId: string, payload: Buffer): void {
    const milliseconds = millisecondsOf(payload, TELEPHONE)
    this.#spoken.sent(itemId, milliseconds)
    this.#audio.add(milliseconds)
    this.#options.listener.audio(payload)
  }

  #heardCaller(text: string): void {
    this.#said.add('caller', text)
    this.#options.listener.userTranscript(text)
  }

  #agentSays({ itemId, text, isWhole }: Extract<SessionMessage, { kind: 'agent-transcript' }>): void {
    const words = this.#spoken.said(itemId, text, isWhole)
    if (words !== null) this.#tellWords(words)
  }

  #tellWords(words: string): void {
    this.#said.add('agent', words)
    this.#options.listener.agentTranscript(words)
  }

  /** What was begun is told first, so that it can be said how far it came. */
  #interrupted(): void {
    this.#hangsUpIn = null
    this.#audio.cut()
    for (const words of this.#spoken.untold()) if (!this.#isOver) this.#tellWords(words)
    if (!this.#isOver) this.#options.listener.interrupted()
  }

  /** What the agent has said until then is still heard. */
  #onFunctionCall({ responseId, callId, name }: Extract<SessionMessage, { kind: 'function-call' }>): void {
    if (name === HANGS_UP) {
      this.#hangsUpIn = responseId
      return
    }
    this.#session.send(functionFailed(callId, `This phone line has no tool called ${name}.`))
    this.#responses.ask()
  }

  #responseDone(message: Extract<SessionMessage, { kind: 'response-done' }>): void {
    const { responseId, status, reason, error } = message
    if (status === 'completed' && this.#hangsUpIn === responseId) {
      this.#sessionOver({ kind: 'closed' })
      return
    }
    if (status === 'incomplete') this.#log.warn({ reason }, 'the agent could not say all of it')
    if (status === 'failed' && !this.#mayGoOn(responseId, error)) return
    this.#responses.done(responseId, status)
  }

  /** The caller waits for an answer: it is asked for once more, and then the agent is taken to be gone. */
  #mayGoOn(responseId: string, error: ApiError | null): boolean {
    const loss = error ? lossBy(error) : { cause: 'response_failed', detail: null, isPermanent: false }
    this.#log.warn(loss, 'the agent could not answer')
    if (!loss.isPermanent && this.#responses.retry(responseId)) return true
    this.#sessionOver({ kind: 'lost', ...loss })
    return false
  }

  /** The one way out: no timer or session is left. False when it was taken before. */
  #end(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    this.#isReady = false
    this.#handover.close()
    this.#session.close()
    return true
  }
}
