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
import type { ApiError } from '../errors.ts'
import { Handover, type Pause } from '../handover.ts'
import type { SessionEnd, SessionTerm } from '../session-term.ts'
import { PAUSE_MS, SpokenAudio, TELEPHONE, tellEnd, voiceRefused } from '../telephone.ts'
import { WordsSaid } from '../words-said.ts'
import { isSilence } from './audio-message.ts'
import { delegationRefused, greeting, instruct, meanwhile, resuming } from './client-events.ts'
import { LiveSession, type SessionListener, type SessionMessage } from './session.ts'
import { Utterance } from './utterance.ts'

/** One minute of sixty: a session is charged for as long as it is open. */
const LEAD_SHARE = 1 / 60

const ON_HOLD = 'The caller has put the call on hold, and hears nothing now. Say nothing until they are back.'
const BACK = 'The caller is back on the line, and hears you again.'
const ANSWER_KEYS = 'Answer this as if they had said it.'

const CAPABILITIES: AgentCapabilities = { interrupt: false, truncate: false, textInput: true }

export type ConversationOptions = {
  request: AgentRequest
  listener: AgentListener
  account: OpenAiAccount
  model: string
  silenceTimeoutMs: number
  log: Logger
}

/** A call's conversation with an agent of OpenAI's that hears and speaks at once, over one session after the other. */
export class LiveConversation implements AgentConnection {
  readonly capabilities = CAPABILITIES
  readonly #options: ConversationOptions
  readonly #log: Logger
  readonly #handover: Handover<LiveSession, SessionMessage>
  readonly #said: WordsSaid
  readonly #audio = new SpokenAudio()
  readonly #callerSays: Utterance
  readonly #agentSays: Utterance
  #voiceId: string | null
  #session: LiveSession
  /** How many turns the session was begun with that was begun last. */
  #toldOf = 0
  #isReady = false
  #isOver = false
  #lastActAt = 0

  constructor(options: ConversationOptions) {
    const { request } = options
    this.#options = options
    this.#log = options.log.child({ callId: request.callId })
    this.#voiceId = request.voiceId
    this.#said = new WordsSaid(request.conversationSoFar)
    this.#callerSays = new Utterance((text) => this.#heardCaller(text))
    this.#agentSays = new Utterance((text, spokenMs) => {
      this.#said.add('agent', text)
      this.#options.listener.agentTranscript(text, spokenMs)
    })
    const listener = this.#sessionListener()
    this.#session = this.#open(listener)
    this.#handover = new Handover({
      leadShare: LEAD_SHARE,
      open: (next) => this.#open({ ...next, doesWithoutVoice: () => {} }),
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

  sendDtmf(keys: string): void {
    if (!this.#isReady) return
    const text = keyedIn(keys)
    this.#session.send(instruct(`The caller: ${text} ${ANSWER_KEYS}`))
    this.#heardCaller(text)
  }

  setOnHold(isOnHold: boolean): void {
    if (this.#isReady) this.#session.send(instruct(isOnHold ? ON_HOLD : BACK))
  }

  /** The vendor cannot be told: its model believes that all it has sent was heard. */
  truncate(): void {}

  close(): void {
    this.#end()
  }

  #open(listener: SessionListener): LiveSession {
    const { account, model, silenceTimeoutMs, request, log } = this.#options
    const { agent, callId } = request
    this.#toldOf = this.#said.count
    return new LiveSession({
      account,
      silenceTimeoutMs,
      callId,
      listener,
      log,
      wish: { model, agent, voiceId: this.#voiceId, said: this.#said.latest() },
    })
  }

  #sessionListener(): SessionListener {
    return {
      doesWithoutVoice: (error) => this.#doWithoutVoice(error),
      opened: (term) => this.#begin(term),
      message: (message) => this.#handle(message),
      over: (end) => this.#sessionOver(end),
    }
  }

  #doWithoutVoice(error: ApiError): void {
    this.#voiceId = null
    this.#options.listener.refused(voiceRefused(error))
  }

  #begin(term: SessionTerm): void {
    const { request, listener } = this.#options
    this.#isReady = true
    this.#handover.began(term)
    this.#session.send(request.conversationSoFar.length === 0 ? greeting(request.agent) : resuming())
    listener.ready(term.sessionId, { inputFormat: TELEPHONE, outputFormat: TELEPHONE })
  }

  /** Nobody says when a turn begins or is over: it is told by who was heard last, and when. */
  get #pause(): Pause {
    if (this.#audio.mayBeHeard) return 'none'
    return awakeMs() - this.#lastActAt >= PAUSE_MS ? 'quiet' : 'agent-done'
  }

  /** The vendor's next session goes on where the one before it ends. */
  #goOnIn(session: LiveSession, term: SessionTerm): void {
    this.#callerSays.flush()
    this.#agentSays.flush()
    this.#session.close()
    if (this.#isOver) {
      session.close()
      return
    }
    this.#session = session
    session.send(meanwhile(this.#said.since(this.#toldOf)))
    this.#handover.began(term)
    this.#log.info({ session: term.sessionId }, 'the conversation goes on in the next session')
  }

  #sessionOver(end: SessionEnd): void {
    if (end.kind === 'lost' && this.#isReady && !end.isPermanent && this.#handover.takeOver()) return
    if (this.#isOver) return
    // What was begun was said; whoever is told of it may close.
    this.#callerSays.flush()
    if (!this.#isOver) this.#agentSays.flush()
    if (!this.#end()) return
    tellEnd(this.#options.listener, end)
  }

  #handle(message: SessionMessage): void {
    switch (message.kind) {
      case 'audio':
        if (!isSilence(message.payload)) this.#play(message.payload)
        return
      case 'caller-transcript':
        this.#lastActAt = awakeMs()
        this.#callerSays.add(message)
        return
      case 'agent-transcript':
        this.#lastActAt = awakeMs()
        this.#agentSays.add(message)
        return
      case 'delegation':
        this.#session.send([delegationRefused(message.id)])
    }
  }

  /**
   * Silence is not played: the line is silent by itself, nobody talks over it, and what the network has brought late
   * catches up in a pause.
   */
  #play(payload: Buffer): void {
    this.#audio.add(millisecondsOf(payload, TELEPHONE))
    this.#lastActAt = awakeMs()
    this.#options.listener.audio(payload)
  }

  #heardCaller(text: string): void {
    this.#said.add('caller', text)
    this.#options.listener.userTranscript(text)
  }

  /** The one way out: no timer or session is left. False when it was taken before. */
  #end(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    this.#isReady = false
    this.#callerSays.drop()
    this.#agentSays.drop()
    this.#handover.close()
    this.#session.close()
    return true
  }
}
