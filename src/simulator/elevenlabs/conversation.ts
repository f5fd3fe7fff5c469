import type { ClockScope } from '../clock-scope.ts'
import type { Script } from '../script.ts'
import { VoiceActivity } from '../voice-activity.ts'
import type { ClientEvent } from './agent-config.ts'
import { decodeAudio } from './audio-format.ts'
import type { ConversationRecord, TranscriptTurn } from './conversation-record.ts'
import type { ConversationSettings } from './conversation-settings.ts'
import { Dialogue } from './dialogue.ts'
import { Recording } from './recording.ts'
import { type Alignment, type Heard, Speaker } from './speaker.ts'

/** Without audio for this long, an utterance that was under way is taken to be over. */
const CALLER_GONE_QUIET_MS = 1000

export interface ConversationOutlet {
  nextEventId(): number
  /** Sends an event to the client, unless the agent is set not to send its kind. */
  send(type: ClientEvent, payload: Record<string, unknown>): void
  /** The agent ends the conversation. */
  hangUp(): void
}

/** One live conversation: hears the caller, speaks, takes turns, and writes down what was said and heard. */
export class Conversation {
  readonly #clock: ClockScope
  readonly #settings: ConversationSettings
  readonly #record: ConversationRecord
  readonly #outlet: ConversationOutlet
  readonly #startedAt: number
  readonly #recording = new Recording()
  readonly #hearing: VoiceActivity
  readonly #speaker: Speaker
  readonly #dialogue: Dialogue
  #speakingTurn: TranscriptTurn | null = null
  #lastAudioAt: number

  constructor(
    clock: ClockScope,
    script: Script,
    settings: ConversationSettings,
    record: ConversationRecord,
    outlet: ConversationOutlet,
  ) {
    this.#clock = clock
    this.#settings = settings
    this.#record = record
    this.#outlet = outlet
    this.#startedAt = clock.now()
    this.#lastAudioAt = this.#startedAt
    this.#hearing = new VoiceActivity({
      voiceStarted: () => this.#dialogue.callerStarted(),
      voiceStopped: (durationMs) => this.#userTranscript(describe(durationMs)),
    })
    this.#speaker = new Speaker(clock, settings.voiceId, settings.outputFormat, {
      chunk: (audio, alignment) => this.#sendAudio(audio, alignment),
      played: (heard) => this.#agentFinished(heard),
    })
    this.#dialogue = new Dialogue(clock, script, settings.turnTimeoutMs, {
      say: (text) => this.#say(text),
      interrupt: () => this.#interrupt(),
      hangUp: () => outlet.hangUp(),
    })
  }

  start(): void {
    this.#dialogue.start(this.#settings.firstMessage)
  }

  hear(audio: Buffer): void {
    this.#lastAudioAt = this.#clock.now()
    const samples = decodeAudio(audio, this.#settings.inputFormat)
    if (this.#settings.recorded) this.#recording.addCaller(samples, this.#elapsedMs())
    this.#hearing.hear(samples)
  }

  /** A turn that the client typed instead of speaking. */
  read(text: string): void {
    this.#transcribe(text)
    this.#dialogue.wasWrittenTo()
  }

  callerActive(): void {
    this.#dialogue.callerActive()
  }

  /** To be called every now and then: ends an utterance whose audio broke off. */
  checkHearing(): void {
    if (this.#clock.now() - this.#lastAudioAt > CALLER_GONE_QUIET_MS) this.#hearing.giveUp()
  }

  /** Ends everything that is under way and returns what was recorded, at 8 kHz. */
  stop(): Int16Array {
    this.#dialogue.stop()
    const heard = this.#speaker.interrupt()
    if (heard) this.#keepHeard(heard)
    this.#record.durationSecs = this.#elapsedMs() / 1000
    return this.#recording.samples
  }

  #say(text: string): void {
    this.#speakingTurn = this.#addTurn('agent', text)
    const event_id = this.#outlet.nextEventId()
    this.#outlet.send('agent_response', { agent_response_event: { agent_response: text, event_id } })
    this.#speaker.say(text)
  }

  #sendAudio(audio: Buffer, alignment: Alignment): void {
    const event_id = this.#outlet.nextEventId()
    const audio_event = { audio_base_64: audio.toString('base64'), event_id, alignment }
    this.#outlet.send('audio', { audio_event })
    this.#record.audioBytesSent += audio.length
  }

  #userTranscript(text: string): void {
    this.#transcribe(text)
    this.#dialogue.callerStopped()
  }

  #transcribe(text: string): void {
    this.#addTurn('user', text)
    const event_id = this.#outlet.nextEventId()
    this.#outlet.send('user_transcript', { user_transcription_event: { user_transcript: text, event_id } })
  }

  #interrupt(): void {
    const heard = this.#speaker.interrupt()
    if (!heard) return
    this.#keepHeard(heard)
    const event_id = this.#outlet.nextEventId()
    this.#outlet.send('interruption', { interruption_event: { event_id } })
    this.#outlet.send('agent_response_correction', {
      agent_response_correction_event: {
        original_agent_response: heard.text,
        corrected_agent_response: heard.heardText,
        event_id,
      },
    })
  }

  #agentFinished(heard: Heard): void {
    this.#keepHeard(heard)
    this.#dialogue.agentFinished()
  }

  #keepHeard({ text, heardText, samples, startedAt }: Heard): void {
    if (this.#settings.recorded) this.#recording.mix(samples, startedAt - this.#startedAt)
    const turn = this.#speakingTurn
    this.#speakingTurn = null
    if (!turn || heardText === text) return
    Object.assign(turn, { message: heardText, originalMessage: text, interrupted: true })
  }

  #addTurn(role: 'user' | 'agent', message: string): TranscriptTurn {
    const timeInCallSecs = this.#elapsedMs() / 1000
    const turn = { role, message, timeInCallSecs, interrupted: false, originalMessage: null }
    this.#record.transcript.push(turn)
    return turn
  }

  #elapsedMs(): number {
    return this.#clock.now() - this.#startedAt
  }
}

/** There is no speech recognition here, and nothing pretends that there is. */
function describe(durationMs: number): string {
  return `(the caller spoke for ${(durationMs / 1000).toFixed(1)} s)`
}
