import type { RawData, WebSocket } from 'ws'
import { decodeMuLaw } from '../../../audio/mulaw.ts'
import type { ClockScope } from '../../clock-scope.ts'
import type { Script } from '../../script.ts'
import { VoiceActivity } from '../../voice-activity.ts'
import { ClientError } from '../client-error.ts'
import { parseEvent } from '../client-events.ts'
import type { Faults } from '../faults.ts'
import { newId } from '../vendor-id.ts'
import { type ClientEvent, readClientEvent, type SessionConfig } from './client-events.ts'
import type { LiveRecord } from './session-record.ts'
import { Speech } from './speech.ts'

export type ClosedReason = 'close_requested' | 'expired' | 'content' | 'remote_hangup' | 'connection_lost'

export const LIVE_MODELS = ['gpt-live-1', 'gpt-live-1.1']

/** As the vendor's client lists them. */
const VOICES = [
  'alloy',
  'ash',
  'ballad',
  'beacon',
  'bossa',
  'cedar',
  'cinder',
  'coral',
  'delta',
  'echo',
  'gleam',
  'marin',
  'meridian',
  'quartz',
  'ripple',
  'sage',
  'shida',
  'shimmer',
  'stone',
  'tempo',
  'verse',
  'vesper',
  'willow',
]
const DEFAULT_VOICE = 'marin'
const TELEPHONE = { type: 'audio/pcmu', rate: 8000 }
const RESTORED = /\bline was interrupted\b.*\brestored\b/
const GREET = /^Greet the caller\b/

export type LiveEndOptions = {
  clock: ClockScope
  script: Script
  faults: Faults
  record: LiveRecord
  /** In simulated milliseconds, and as the client is told, in seconds since 1970. */
  lastsMs: number
  expiresAt: number
  keepsCallerAudio: boolean
}

/** The vendor's end of one session: it hears and speaks at the same time, and says of no turn that it begins or is over. */
export class LiveEnd {
  readonly #socket: WebSocket
  readonly #options: LiveEndOptions
  readonly #record: LiveRecord
  /** Stopped with the session, and all that is to come in it. */
  readonly #clock: ClockScope
  readonly #speech: Speech
  readonly #hearing: VoiceActivity
  #startedAt = 0
  #isMuted = false
  #replies = 0

  constructor(socket: WebSocket, options: LiveEndOptions) {
    const { record, clock, faults } = options
    this.#socket = socket
    this.#options = options
    this.#record = record
    this.#clock = clock.fork()
    this.#speech = new Speech(this.#clock, {
      words: (delta, fromMs, untilMs) => this.#transcribe('output', delta, fromMs, untilMs),
      audio: (muLaw) => this.#send('session.output_audio.delta', { delta: muLaw.toString('base64') }),
    })
    this.#hearing = new VoiceActivity({
      voiceStarted: () => this.#speech.yield(),
      voiceStopped: (spokenMs) => this.#answer(spokenMs),
    })
    socket.on('message', (data) => this.#receive(data))
    socket.on('ping', (data) => {
      if (!faults.isDeaf) socket.pong(data)
    })
    socket.once('close', (code) => {
      this.#clock.stop()
      record.closeCode = code
    })
  }

  /** Ends the session in good order. */
  close(reason: ClosedReason): void {
    const usage = { seconds: this.#now / 1000 }
    this.#send('session.closed', { reason, session: this.#shown(), usage })
    this.#socket.close(1000)
  }

  /** Closes the socket and says nothing of the session. */
  closeSocket(code: number): void {
    this.#socket.close(code)
  }

  /** Breaks the connection without a word. */
  destroy(): void {
    this.#socket.terminate()
  }

  sendRaw(data: string | Buffer): void {
    this.#socket.send(data)
  }

  /** Gives the client a task of this id. */
  delegate(id: string): void {
    const delegation = { type: 'delegation', id, target: 'client' }
    this.#send('session.delegation.created', { delegation, offset_ms: this.#now })
  }

  /** Resolves when the client has taken all that was sent until now, or is gone. */
  async taken(): Promise<void> {
    const socket = this.#socket
    await new Promise<void>((resolve) => {
      socket.once('pong', () => resolve())
      socket.once('close', () => resolve())
      socket.ping()
    })
  }

  /** On the session's timeline. */
  get #now(): number {
    return Math.round(this.#clock.now() - this.#startedAt)
  }

  #receive(data: RawData): void {
    if (this.#socket.readyState !== this.#socket.OPEN || this.#options.faults.isDeaf) return
    let eventId: unknown
    try {
      const message = parseEvent(data)
      eventId = message.event_id
      const event = readClientEvent(message)
      if (event.type !== 'session.input_audio.append') this.#record.events.push(event)
      this.#obey(event)
    } catch (error) {
      if (!(error instanceof ClientError)) throw error
      this.#complain(error, eventId)
    }
  }

  #complain({ code, message, param }: ClientError, client_event_id: unknown): void {
    this.#record.errors.push(`${code}: ${message}`)
    const error = { type: 'invalid_request_error', code, message, ...(param !== null && { param }) }
    this.#send('error', { error: { ...error, client_event_id }, client_event_id })
  }

  #obey(event: ClientEvent): void {
    if (event.type === 'session.start') {
      this.#start(event.session, event.event_id)
      return
    }
    if (this.#record.config === null)
      throw new ClientError('session_not_started', 'Send session.start first, and wait for session.started.')
    switch (event.type) {
      case 'session.input_audio.append':
        this.#hear(Buffer.from(event.audio, 'base64'))
        return
      case 'session.input_audio.mute':
      case 'session.input_audio.unmute':
        this.#isMuted = event.type === 'session.input_audio.mute'
        this.#acknowledge(`${event.type}d`, event.event_id)
        return
      case 'session.close':
        this.close('close_requested')
        return
      default:
        this.#acknowledge(`${event.type}ed`, event.event_id)
        if (event.type === 'session.commentary.append') this.#comment(event.content)
    }
  }

  #acknowledge(type: string, client_event_id: unknown): void {
    this.#send(type, { start_ms: this.#now, end_ms: this.#now, client_event_id })
  }

  #start(config: SessionConfig, client_event_id: unknown): void {
    if (this.#record.config !== null)
      throw new ClientError('session_already_started', 'The session has already started.')
    if (!LIVE_MODELS.includes(config.model))
      throw new ClientError(
        'model_not_found',
        `The model \`${config.model}\` does not exist or you do not have access to it.`,
        'session.model',
      )
    checkVoice(config.audio?.output?.voice)
    if ((config.audio?.format ?? TELEPHONE).type !== TELEPHONE.type)
      throw new ClientError('invalid_value', 'The simulated vendor has audio/pcmu.', 'session.audio.format')
    this.#record.config = config
    this.#startedAt = this.#clock.now()
    this.#clock.after(this.#options.lastsMs, () => this.close('expired'))
    this.#send('session.started', { session: this.#shown(), client_event_id })
  }

  #shown() {
    const { record, expiresAt } = this.#options
    const { config } = record
    return {
      delegation: { type: 'client' },
      ...config,
      id: record.id,
      status: 'active',
      expires_at: expiresAt,
      audio: { format: TELEPHONE, output: { voice: DEFAULT_VOICE }, ...config?.audio },
      store: config?.store ?? false,
    }
  }

  #hear(audio: Buffer): void {
    if (this.#options.keepsCallerAudio) this.#record.callerAudio.push(audio)
    if (!this.#isMuted) this.#hearing.hear(decodeMuLaw(audio))
  }

  /** There is no speech recognition here, and nothing pretends that there is. */
  #answer(spokenMs: number): void {
    this.#transcribe('input', `(the caller spoke for ${(spokenMs / 1000).toFixed(1)} s).`, -spokenMs, 0)
    const { replies, goodbye } = this.#options.script
    this.#say(replies[this.#replies++] ?? goodbye)
  }

  /** Said nearly as it was wished for. */
  #comment(content: string): void {
    const { firstMessage, reconnected } = this.#options.script
    if (GREET.test(content)) this.#say(firstMessage)
    else this.#say(RESTORED.test(content) ? reconnected : content)
  }

  #say(text: string): void {
    if (this.#options.faults.isMute || text === '') return
    const voice = this.#record.config?.audio?.output?.voice ?? DEFAULT_VOICE
    this.#speech.say(text, typeof voice === 'string' ? voice : voice.id)
  }

  /** Said so many milliseconds from now, until so many. */
  #transcribe(side: 'input' | 'output', delta: string, fromMs: number, untilMs: number): void {
    const [start_ms, end_ms] = [fromMs, untilMs].map((ms) => Math.max(0, Math.round(this.#now + ms)))
    this.#send(`session.${side}_transcript.delta`, { delta, start_ms, end_ms })
  }

  #send(type: string, fields: Record<string, unknown>): void {
    const { isDeaf, outgoing } = this.#options.faults
    if (isDeaf || this.#socket.readyState !== this.#socket.OPEN) return
    const event = { type, event_id: newId('event'), ...fields }
    for (const each of outgoing ? outgoing(event) : [event]) this.#socket.send(JSON.stringify(each))
  }
}

function checkVoice(voice: string | { id: string } = DEFAULT_VOICE): void {
  if (typeof voice === 'string' ? VOICES.includes(voice) : voice.id.startsWith('voice_')) return
  const supported = VOICES.map((each) => `'${each}'`).join(', ')
  throw new ClientError(
    'invalid_value',
    `Invalid value: '${typeof voice === 'string' ? voice : voice.id}'. Supported values are: ${supported}.`,
    'session.audio.output.voice',
  )
}
