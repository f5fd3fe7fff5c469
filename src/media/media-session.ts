import type { Logger } from 'pino'
import type { WebSocket } from 'ws'
import type { MediaInstruction } from '../../machines/instructions.ts'
import { nameOf } from '../audio/audio-format.ts'
import type { LegName } from '../calls/ports.ts'
import type { Clock } from '../runtime/clock.ts'
import { AgentChannel } from './agent-channel.ts'
import type { AgentAudio, AgentListener, AgentRequest, VoiceAgent } from './agent-port.ts'
import { Bridge, type BridgeReport } from './bridge.ts'
import type { MediaCalls } from './calls-port.ts'
import { CarrierChannel } from './carrier-channel.ts'
import type { CarrierCodec, CarrierMessage } from './carrier-port.ts'
import type { CarrierSocket } from './carrier-socket.ts'
import { CLOSE, closeReason } from './close-code.ts'
import { DelaySampler } from './delay-sampler.ts'
import type { MediaMetrics } from './media-metrics.ts'
import { Transcript } from './transcript.ts'

/** A carrier says `start` as soon as its socket is open; whoever does not in this time is not one. */
const START_PATIENCE_MS = 5_000
/** One look at the database; a caller who hears nothing for longer is better bridged again. */
const JOIN_PATIENCE_MS = 10_000
/** Shorter than the chart's own FAREWELL, so that a lost mark ends here and not there. */
const LAST_WORD_MAX_MS = 25_000
/** A peer that has not answered a close in this time is cut off. */
const CLOSE_PATIENCE_MS = 5_000
/** Before this the call has said what follows when the agent is gone; past it the database is away. */
const NEXT_PATIENCE_MS = 1_500

export type MediaSessionOptions = {
  calls: MediaCalls
  agent: VoiceAgent
  clock: Clock
  metrics: MediaMetrics
  log: Logger
  /** What a caller hears while a lost agent is brought back: a loop of headerless mu-law at 8 kHz. */
  waitingTrack: Buffer
  /** A carrier that has sent nothing valid for this long is taken to be gone. */
  silenceTimeoutMs: number
  /** Ends a leg whose stream has no message for that. */
  hangUp: (leg: LegName) => Promise<void>
}

/** Whoever holds the sessions. */
export type MediaSessionListener = {
  onJoined: (session: MediaSession) => void
  onClosed: (session: MediaSession) => void
}

type WithoutConnection<Report> = Report extends { connection?: number } ? Omit<Report, 'connection'> : never

type Phase = 'opening' | 'joining' | 'joined' | 'finishing' | 'closing' | 'closed'

/**
 * A carrier's stream joined to a voice agent. The call decides what happens; this carries it out, moves the audio, and
 * tells the call what it must know. However it ends, it ends by `close`.
 */
export class MediaSession {
  readonly #stream: WebSocket
  readonly #codec: CarrierCodec
  readonly callId: string
  readonly #options: MediaSessionOptions
  readonly #log: Logger
  readonly #listener: MediaSessionListener
  readonly #bridge: Bridge
  readonly #carrier: CarrierChannel
  readonly #agent: AgentChannel
  readonly #transcript: Transcript
  readonly #fromCarrier: DelaySampler
  readonly #fromAgent: DelaySampler

  #phase: Phase = 'opening'
  /** When the present phase has lasted too long; this and `#heardAt` do not count our own stalls. */
  #deadline: number
  #heard = false
  #heardAt: number
  /** The caller hears nothing and need not send anything; how long that may last is the chart's to say. */
  #isOnHold = false
  #providerCallId = ''
  /** Null until its stream was let in. */
  #leg: LegName | null = null
  /** The agent is gone, and the call has not yet said what follows. */
  #goneAt: number | null = null
  /** The agent has ended the conversation, and the call has not heard of it: its leg is ended without it. */
  #endsAlone = false
  #badMessages = 0
  #cutOff = false

  constructor(
    socket: CarrierSocket,
    codec: CarrierCodec,
    callId: string,
    options: MediaSessionOptions,
    listener: MediaSessionListener,
  ) {
    const { calls, clock } = options
    this.#stream = socket.stream
    this.#codec = codec
    this.callId = callId
    this.#options = options
    this.#log = options.log.child({ callId })
    this.#listener = listener
    this.#carrier = new CarrierChannel(socket, codec, options)
    this.#transcript = new Transcript(callId, calls, this.#log)
    this.#fromCarrier = new DelaySampler(options)
    this.#fromAgent = new DelaySampler(options)
    this.#agent = new AgentChannel({
      ...options,
      codec,
      log: this.#log,
      onAudio: (agentId, audio) => this.#learn(agentId, audio),
      listener: this.#agentListener(),
      onBargeIn: () => this.#carrier.unheardMs > 0 && this.#interrupt(),
      request: () => this.#agentRequest(),
    })
    this.#bridge = new Bridge(callId, calls, this.#log, {
      joined: (bridge) => this.#joined(bridge),
      refused: (reason) => this.close(CLOSE.policy, reason),
      instructed: (instruction, connection) => this.#obey(instruction, connection),
      failed: (why) => this.close(CLOSE.internalError, why, 'broken'),
    })
    this.#heardAt = clock.awake()
    this.#deadline = this.#heardAt + START_PATIENCE_MS
    socket.stream.on('message', (data: Buffer, isBinary: boolean) => this.#onMessage(data, isBinary))
    socket.stream.on('error', (error: Error & { code?: string }) => this.#onSocketError(error))
    socket.stream.on('close', (code: number) => this.#onSocketClosed(code))
  }

  /** The number of its bridge; null until its stream was let in. */
  get bridgeNumber(): number | null {
    return this.#bridge.bridgeNumber
  }

  /** Ends the session, once. The reason goes to the carrier and to the log; `lost` says how the call is to take it. */
  close(code: number, reason: string, lost: 'announced' | 'broken' | null = null): void {
    if (this.#phase === 'closing' || this.#phase === 'closed') return
    this.#log.info({ code, reason }, 'Media session closes')
    this.#enter('closing', CLOSE_PATIENCE_MS)
    this.#bridge.leave()
    this.#agent.hangUp()
    this.#stream.close(code, closeReason(reason))
    if (lost !== null) this.#bridge.report({ type: 'media.lost', clean: lost === 'announced' })
  }

  /** To be called a few times a second: watchdogs, and audio that waits for a slow socket. */
  tick(): void {
    const now = this.#options.clock.awake()
    if (this.#heard || this.#isOnHold) this.#heardAt = now
    this.#heard = false
    if (now >= this.#deadline) this.#overdue()
    else if (this.#phase === 'joined' && now - this.#heardAt >= this.#options.silenceTimeoutMs)
      this.close(CLOSE.policy, 'the carrier fell silent', 'broken')
    if (this.#phase !== 'joined' && this.#phase !== 'finishing') return
    if (this.#goneAt !== null && now - this.#goneAt >= NEXT_PATIENCE_MS) this.#goOnAlone()
    this.#carrier.tick()
    this.#agent.tick()
  }

  /** The call cannot be told that the agent is gone. */
  #goOnAlone(): void {
    if (this.#endsAlone) this.#finishPlaying()
    else this.#carrier.startMusic()
  }

  #enter(phase: Phase, patienceMs: number): void {
    this.#phase = phase
    this.#deadline = this.#options.clock.awake() + patienceMs
  }

  #overdue(): void {
    switch (this.#phase) {
      case 'opening':
        this.close(CLOSE.policy, 'no `start` came')
        break
      case 'joining':
        this.close(CLOSE.internalError, 'the call did not answer in time', 'broken')
        break
      case 'finishing':
        this.#lastWordHeard('the time for the last word is over')
        break
      case 'closing':
        this.#forceClose()
        break
    }
  }

  /** First the socket is cut off; a call that cannot be told yet is told later, and keeps nothing open here. */
  #forceClose(): void {
    if (this.#stream.readyState !== this.#stream.CLOSED && !this.#cutOff) {
      this.#cutOff = true
      this.#enter('closing', CLOSE_PATIENCE_MS)
      this.#stream.terminate()
      return
    }
    this.#log.warn('Media session ends before its call could be told; it is told when the database answers')
    this.#closed()
  }

  #onSocketClosed(code: number): void {
    this.close(code, 'the carrier closed its socket', code === CLOSE.normal ? 'announced' : 'broken')
    void Promise.all([this.#bridge.settled(), this.#transcript.settled()]).then(() => this.#closed())
  }

  #closed(): void {
    if (this.#phase === 'closed') return
    this.#enter('closed', Number.POSITIVE_INFINITY)
    this.#listener.onClosed(this)
  }

  /** The close of the socket follows by itself. */
  #onSocketError(error: Error & { code?: string }): void {
    if (error.code?.startsWith('WS_ERR_')) this.#options.metrics.counts.invalidMessages++
    this.#log.warn({ code: error.code }, 'The carrier socket failed')
  }

  #onMessage(data: Buffer, isBinary: boolean): void {
    const began = this.#fromCarrier.begin()
    const message = this.#codec.read(data, isBinary)
    if (message.kind === 'media') {
      this.#heard = true
      this.#agent.hear(message.payload)
    } else this.#onControl(message)
    this.#fromCarrier.end(began)
  }

  #onControl(message: Exclude<CarrierMessage, { kind: 'media' }>): void {
    if (message.kind !== 'invalid') this.#heard = true
    switch (message.kind) {
      case 'invalid':
        this.#onInvalid(message.why)
        break
      case 'start':
        this.#onStart(message.providerCallId, message.token)
        break
      case 'dtmf':
        this.#agent.press(message.digit)
        break
      case 'hold':
        this.#isOnHold = message.isOnHold
        this.#agent.hold(message.isOnHold)
        break
      case 'mark':
        if (this.#carrier.marked(message.name) && this.#phase === 'finishing')
          this.#lastWordHeard('the agent has said its last word')
        break
      case 'stop':
        this.close(CLOSE.normal, 'the carrier ended its stream', 'announced')
        break
    }
  }

  /** Nothing is owed to whoever speaks before `start`; afterwards a bad message does not cost the caller the call. */
  #onInvalid(why: string): void {
    this.#options.metrics.counts.invalidMessages++
    if (this.#badMessages++ === 0) this.#log.warn({ why }, 'The carrier sent what its protocol does not know')
    if (this.#phase === 'opening') this.close(CLOSE.policy, why)
  }

  #onStart(providerCallId: string, token: string | null): void {
    if (this.#phase !== 'opening') return
    this.#enter('joining', JOIN_PATIENCE_MS)
    this.#providerCallId = providerCallId
    this.#bridge.join(providerCallId, token)
  }

  #joined({ legId, bridgeNumber }: { legId: string; bridgeNumber: number }): void {
    if (this.#phase !== 'joining') return
    this.#enter('joined', Number.POSITIVE_INFINITY)
    this.#heardAt = this.#options.clock.awake()
    this.#leg = { callId: this.callId, legId, providerCallId: this.#providerCallId }
    this.#log.info({ legId, bridgeNumber }, 'Media stream joined')
    this.#listener.onJoined(this)
  }

  #obey(instruction: MediaInstruction, connection: number): void {
    if (this.#phase !== 'joined' && this.#phase !== 'finishing') return
    switch (instruction) {
      case 'connect-agent':
        this.#agent.connect(connection)
        break
      case 'await-agent':
        this.#awaitAgent(connection)
        break
      case 'finish-playing':
        this.#endsAlone = false
        this.#finishPlaying()
        break
      case 'close':
        this.close(CLOSE.normal, 'the call has moved on')
        break
    }
  }

  /** An instruction that comes late is about a connection before the newest. */
  #awaitAgent(connection: number): void {
    if (connection < this.#agent.number) return
    this.#goneAt = null
    this.#agent.hangUp()
    this.#carrier.startMusic()
  }

  /** What was said last belongs to the conversation that the agent is told of. */
  async #agentRequest(): Promise<AgentRequest> {
    await this.#transcript.settled()
    return this.#options.calls.agentRequest(this.callId)
  }

  #agentListener(): AgentListener {
    return {
      ready: (conversationId) => {
        this.#goneAt = null
        this.#transcript.cutShort(...this.#carrier.stopMusic())
        this.#report({ type: 'agent.ready', conversationId })
      },
      audio: (payload) => this.#onAgentAudio(payload),
      interrupted: () => this.#interrupt(),
      userTranscript: (text) => this.#transcript.said('caller', text),
      agentTranscript: (text, spokenMs) => {
        this.#carrier.said(text, spokenMs)
        this.#transcript.said('agent', text)
      },
      agentTranscriptCorrected: (original, spoken) => {
        this.#carrier.corrected(original)
        this.#transcript.cutShort({ original, spoken })
      },
      ended: () => {
        this.#goneAt = this.#options.clock.awake()
        this.#endsAlone = true
        this.#report({ type: 'agent.ended' })
      },
      lost: (cause, detail, isPermanent) => {
        this.#log.warn({ cause }, 'The voice agent was lost')
        this.#goneAt = this.#options.clock.awake()
        this.#report({
          type: 'agent.lost',
          cause,
          ...(detail && { detail }),
          ...(isPermanent && { isPermanent }),
        })
      },
      refused: (refusal) => this.#report({ type: 'agent.overrideRefused', ...refusal }),
    }
  }

  #interrupt(): void {
    const { unheardMs } = this.#carrier
    this.#transcript.cutShort(...this.#carrier.interrupt())
    this.#agent.truncate(unheardMs)
  }

  /** About the newest connection, whatever becomes of it before the call hears this. */
  #report(report: WithoutConnection<Extract<BridgeReport, { connection?: number }>>): void {
    this.#bridge.report({ ...report, connection: this.#agent.number })
  }

  /** It is kept for callers to come, and nobody waits for that. */
  #learn(agentId: string, audio: AgentAudio): void {
    const { inboundFormat, outboundFormat } = this.#codec
    this.#log.info(
      {
        caller: `${nameOf(inboundFormat)} to ${nameOf(audio.inputFormat)}`,
        speech: `${nameOf(audio.outputFormat)} to ${nameOf(outboundFormat)}`,
      },
      'The agent listens',
    )
    this.#carrier.expect(audio.outputFormat)
    this.#options.calls.learnAgentAudio(agentId, audio).catch((error: unknown) => {
      this.#log.warn({ err: error }, 'The audio formats of an agent could not be kept')
    })
  }

  #onAgentAudio(payload: Buffer): void {
    const began = this.#fromAgent.begin()
    this.#carrier.play(payload)
    this.#fromAgent.end(began)
  }

  /** The caller hears the agent's last word before the line goes dead. */
  #finishPlaying(): void {
    if (this.#phase !== 'joined') return
    this.#goneAt = null
    this.#carrier.endMusic()
    this.#agent.hangUp()
    this.#enter('finishing', Math.min(this.#carrier.awaitLastWord(), LAST_WORD_MAX_MS))
  }

  #lastWordHeard(reason: string): void {
    if (!this.#endsAlone) {
      this.close(CLOSE.normal, reason)
      return
    }
    this.#endsAlone = false
    this.#enter('finishing', CLOSE_PATIENCE_MS)
    this.#log.warn('The conversation is over and its call cannot be told: the leg is ended without it')
    const ended = this.#carrier.hangUp() || (this.#leg && this.#options.hangUp(this.#leg))
    void Promise.resolve(ended)
      .catch((error: unknown) => this.#log.warn({ err: error }, 'The carrier did not end the leg'))
      .then(() => this.close(CLOSE.normal, reason))
  }
}
