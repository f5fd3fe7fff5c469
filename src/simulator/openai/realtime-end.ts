import type { Logger } from 'pino'
import type { RawData, WebSocket } from 'ws'
import { MU_LAW_RATE } from '../../audio/mulaw.ts'
import type { ClockScope } from '../clock-scope.ts'
import type { Script } from '../script.ts'
import { CallerHearing } from './caller-hearing.ts'
import { ClientError } from './client-error.ts'
import {
  type ClientEvent,
  type ClientItem,
  parseEvent,
  readClientEvent,
  type SessionUpdate,
} from './client-events.ts'
import { ConversationItems, type Item, shownItem } from './conversation-items.ts'
import type { Faults } from './faults.ts'
import { Model } from './model.ts'
import { Response } from './response.ts'
import type { SessionRecord } from './session-record.ts'
import { decodeInput, settle, shown } from './session-settings.ts'
import { newId } from './vendor-id.ts'

/** From the end of an utterance to its words. */
const TRANSCRIPTION_MS = 250
const CLOSE_REASON_BYTES = 123
const EXPIRED = 'Your session hit the maximum duration of 60 minutes.'

export type RealtimeEndOptions = {
  clock: ClockScope
  script: Script
  faults: Faults
  record: SessionRecord
  /** In simulated milliseconds, and as the client is told, in seconds since 1970. */
  lastsMs: number
  expiresAt: number
  keepsCallerAudio: boolean
  log: Logger
}

/** The vendor's end of one session: checks what the client says, hears the caller, and answers. */
export class RealtimeEnd {
  readonly #socket: WebSocket
  readonly #options: RealtimeEndOptions
  readonly #record: SessionRecord
  /** Stopped with the session, and all that is to come in it. */
  readonly #clock: ClockScope
  readonly #items = new ConversationItems()
  readonly #model: Model
  #hearing: CallerHearing | null
  #response: Response | null = null
  #bufferedMs = 0

  constructor(socket: WebSocket, options: RealtimeEndOptions) {
    const { record, clock, lastsMs } = options
    this.#socket = socket
    this.#options = options
    this.#record = record
    this.#clock = clock.fork()
    this.#model = new Model(options.script)
    this.#hearing = this.#newHearing()
    record.items = this.#items.all
    socket.on('message', (data) => this.#receive(data))
    socket.on('ping', (data) => {
      if (!options.faults.isDeaf) socket.pong(data)
    })
    socket.once('close', (code) => this.#closed(code))
    this.#clock.after(lastsMs, () => this.fail('session_expired', EXPIRED, 1001))
    this.#send('session.created', { session: this.#shown() })
  }

  close(code: number, reason = ''): void {
    this.#socket.close(code, reason.replace(/[^ -~]+/g, '?').slice(0, CLOSE_REASON_BYTES))
  }

  /** Breaks the connection without a word. */
  destroy(): void {
    this.#socket.terminate()
  }

  sendRaw(data: string | Buffer): void {
    this.#socket.send(data)
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

  /** Complains, and ends the session. */
  fail(code: string, message: string, closeCode: number): void {
    this.#sendError({ type: 'invalid_request_error', code, message, param: null, event_id: null })
    this.close(closeCode, message)
  }

  /** The vendor's own end of an item that a test speaks by hand. */
  speakByHand(itemId: string, milliseconds: number): void {
    if (!this.#items.all.some(({ id }) => id === itemId))
      this.#items.add({
        id: itemId,
        type: 'message',
        role: 'assistant',
        source: 'model',
        status: 'completed',
        audioMs: 0,
        text: '',
      })
    this.#spoke(this.#items.get(itemId), milliseconds)
  }

  #shown() {
    const { record, expiresAt } = this.#options
    return shown(record.settings, { id: record.id, model: record.model, expiresAt })
  }

  #newHearing(): CallerHearing | null {
    const { turnDetection } = this.#record.settings
    if (turnDetection === null) return null
    return new CallerHearing(turnDetection, this.#record.callerAudioMs, {
      started: (itemId, audio_start_ms) => this.#callerStarted(itemId, audio_start_ms),
      stopped: (itemId, audio_end_ms, spokenMs) => this.#callerStopped(itemId, audio_end_ms, spokenMs),
    })
  }

  #receive(data: RawData): void {
    if (this.#socket.readyState !== this.#socket.OPEN || this.#options.faults.isDeaf) return
    let event_id: unknown = null
    try {
      const message = parseEvent(data)
      event_id = message.event_id ?? null
      const event = readClientEvent(message)
      if (event.type !== 'input_audio_buffer.append') this.#record.events.push(event)
      this.#obey(event)
    } catch (error) {
      if (!(error instanceof ClientError)) throw error
      const { code, message, param } = error
      this.#sendError({ type: 'invalid_request_error', code, message, param, event_id })
    }
  }

  #sendError(error: Record<string, unknown>): void {
    this.#record.errors.push(`${error.code}: ${error.message}`)
    this.#send('error', { error })
  }

  #obey(event: ClientEvent): void {
    switch (event.type) {
      case 'session.update':
        this.#update(event.session)
        break
      case 'input_audio_buffer.append':
        this.#hear(Buffer.from(event.audio, 'base64'))
        break
      case 'input_audio_buffer.commit':
        this.#commit()
        break
      case 'input_audio_buffer.clear':
        this.#bufferedMs = 0
        this.#send('input_audio_buffer.cleared', {})
        break
      case 'conversation.item.create':
        this.#create(event.item, event.previous_item_id)
        break
      case 'conversation.item.retrieve':
        this.#send('conversation.item.retrieved', { item: shownItem(this.#items.get(event.item_id)) })
        break
      case 'conversation.item.delete':
        this.#delete(event.item_id)
        break
      case 'conversation.item.truncate':
        this.#truncate(event.item_id, event.content_index, event.audio_end_ms)
        break
      case 'response.create':
        this.#respond(event.response?.instructions)
        break
      case 'response.cancel':
        this.#cancel(event.response_id)
    }
  }

  #update(update: SessionUpdate): void {
    const record = this.#record
    record.settings = settle(record.settings, update, record.sentMs.size > 0)
    this.#hearing = this.#newHearing()
    this.#send('session.updated', { session: this.#shown() })
  }

  #hear(audio: Buffer): void {
    const record = this.#record
    if (this.#options.keepsCallerAudio) record.callerAudio.push(audio)
    const samples = decodeInput(audio, record.settings.inputFormat)
    const ms = (samples.length * 1000) / MU_LAW_RATE
    record.callerAudioMs += ms
    this.#bufferedMs += ms
    this.#hearing?.hear(samples)
  }

  #callerStarted(item_id: string, audio_start_ms: number): void {
    this.#send('input_audio_buffer.speech_started', { item_id, audio_start_ms })
    if (this.#record.settings.turnDetection?.interruptsResponse) this.#response?.cancel('turn_detected')
  }

  #callerStopped(item_id: string, audio_end_ms: number, spokenMs: number): void {
    this.#send('input_audio_buffer.speech_stopped', { item_id, audio_end_ms })
    this.#addCallerItem(item_id, spokenMs)
    if (this.#record.settings.turnDetection?.createsResponse && !this.#response) this.#respond()
  }

  #commit(): void {
    if (this.#bufferedMs < 100)
      throw new ClientError(
        'input_audio_buffer_commit_empty',
        `Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, but buffer only has ${this.#bufferedMs.toFixed(2)}ms of audio.`,
      )
    this.#addCallerItem(newId('item'), this.#bufferedMs)
  }

  #addCallerItem(id: string, audioMs: number): void {
    this.#bufferedMs = 0
    const item: Item = {
      id,
      type: 'message',
      role: 'user',
      source: 'caller',
      status: 'completed',
      audioMs,
      text: null,
    }
    const previous_item_id = this.#items.add(item)
    this.#send('input_audio_buffer.committed', { item_id: id, previous_item_id })
    this.#announce(item, previous_item_id)
    if (this.#record.settings.transcription)
      this.#clock.after(TRANSCRIPTION_MS, () => this.#transcribe(item, audioMs))
  }

  /** There is no speech recognition here, and nothing pretends that there is. */
  #transcribe(item: Item, spokenMs: number): void {
    const { faults } = this.#options
    const at = { item_id: item.id, content_index: 0 }
    if (faults.failTranscriptions > 0) {
      faults.failTranscriptions--
      const error = { type: 'server_error', code: 'transcription_failed', message: 'It was not heard.' }
      this.#send('conversation.item.input_audio_transcription.failed', { ...at, error })
      return
    }
    const transcript = `(the caller spoke for ${(spokenMs / 1000).toFixed(1)} s)`
    item.text = transcript
    this.#send('conversation.item.input_audio_transcription.delta', { ...at, delta: transcript })
    const usage = { type: 'duration', seconds: spokenMs / 1000 }
    this.#send('conversation.item.input_audio_transcription.completed', { ...at, transcript, usage })
  }

  #create(item: ClientItem, previousId?: string | null): void {
    const id = item.id ?? newId('item')
    const common = { id, status: 'completed', source: 'client', audioMs: null } as const
    const created: Item =
      item.type === 'message'
        ? {
            ...common,
            type: 'message',
            role: item.role,
            text: item.content.map(({ text }) => text ?? '').join(''),
          }
        : { ...common, type: 'function', text: null, fields: item }
    this.#announce(created, this.#items.add(created, previousId))
  }

  #announce(item: Item, previous_item_id: string | null): void {
    for (const what of ['added', 'done'])
      this.#send(`conversation.item.${what}`, { previous_item_id, item: shownItem(item) })
  }

  #delete(item_id: string): void {
    const { audioMs } = this.#items.remove(item_id)
    if (audioMs !== null) this.#record.deletions.push({ itemId: item_id, audioEndMs: 0, beforeMs: audioMs })
    this.#send('conversation.item.deleted', { item_id })
  }

  #truncate(item_id: string, content_index: number, audio_end_ms: number): void {
    if (content_index !== 0)
      throw new ClientError('invalid_value', 'There is no such content.', 'content_index')
    const { beforeMs } = this.#items.truncate(item_id, audio_end_ms)
    this.#record.truncations.push({ itemId: item_id, audioEndMs: audio_end_ms, beforeMs })
    this.#send('conversation.item.truncated', { item_id, content_index, audio_end_ms })
  }

  #respond(instructions?: string): void {
    if (this.#options.faults.isMute) return
    if (this.#response)
      throw new ClientError(
        'conversation_already_has_active_response',
        `Conversation already has an active response in progress: ${this.#response.id}. Wait until the response is finished before creating a new one.`,
      )
    const { settings } = this.#record
    const canHangUp = settings.tools.some(({ name }) => name === 'end_call')
    const answer = this.#model.answer(this.#items.all, instructions ?? settings.instructions, canHangUp)
    const response = new Response(this.#clock, settings, answer, {
      send: (type, fields) => this.#send(type, fields),
      begin: (item) => this.#items.add(item),
      spoke: (item, ms) => this.#spoke(item, ms),
      done: () => {
        this.#response = null
      },
    })
    this.#response = response
    response.start()
    const fault = this.#options.faults.failNextResponses.shift()
    if (fault) response.fail(fault)
  }

  #spoke(item: Item, milliseconds: number): void {
    item.audioMs = (item.audioMs ?? 0) + milliseconds
    const { sentMs } = this.#record
    sentMs.set(item.id, (sentMs.get(item.id) ?? 0) + milliseconds)
  }

  #cancel(id?: string): void {
    if (!this.#response || (id !== undefined && id !== this.#response.id))
      throw new ClientError('response_cancel_not_active', 'Cancellation failed: no active response found')
    this.#response.cancel('client_cancelled')
  }

  #send(type: string, fields: Record<string, unknown>): void {
    const { isDeaf, outgoing } = this.#options.faults
    if (isDeaf || this.#socket.readyState !== this.#socket.OPEN) return
    const event = { type, event_id: newId('event'), ...fields }
    for (const each of outgoing ? outgoing(event) : [event]) this.#socket.send(JSON.stringify(each))
  }

  #closed(code: number): void {
    this.#clock.stop()
    this.#response?.stop()
    this.#record.closeCode = code
  }
}
