import { muLawMilliseconds } from '../../audio/mulaw.ts'
import { speak } from '../assets/speech.ts'
import type { Cancel, ClockScope } from '../clock-scope.ts'
import type { Item } from './conversation-items.ts'
import { shownItem } from './conversation-items.ts'
import type { Answer } from './model.ts'
import { encodeOutput, type SessionSettings } from './session-settings.ts'
import { newId } from './vendor-id.ts'

/** From the request to the first sound. */
const THINKING_MS = 300
/** One message holds so much speech, and is sent five times as fast as it sounds. */
const CHUNK_MS = 200
const CHUNK_EVERY_MS = 40

export type ResponseOutlet = {
  send(type: string, fields: Record<string, unknown>): void
  /** The item belongs to the conversation from now on; returns the one before it. */
  begin(item: Item): string | null
  spoke(item: Item, milliseconds: number): void
  done(response: Response): void
}

type Status = 'in_progress' | 'completed' | 'cancelled' | 'failed'

/** One answer of the model, sent in pieces ahead of time. */
export class Response {
  readonly id = newId('resp')
  readonly #clock: ClockScope
  readonly #settings: SessionSettings
  readonly #outlet: ResponseOutlet
  readonly #answer: Answer
  readonly #speech: Buffer
  #item: Item | null = null
  #sentMs = 0
  #saidCharacters = 0
  #cancelNext: Cancel = () => {}
  readonly #output: Record<string, unknown>[] = []

  constructor(clock: ClockScope, settings: SessionSettings, answer: Answer, outlet: ResponseOutlet) {
    this.#clock = clock
    this.#settings = settings
    this.#answer = answer
    this.#outlet = outlet
    this.#speech = speak(answer.text, settings.voice)
  }

  start(): void {
    this.#outlet.send('response.created', { response: this.#shown('in_progress') })
    const limits = [{ name: 'tokens', limit: 40_000, remaining: 39_000, reset_seconds: 1.5 }]
    this.#outlet.send('rate_limits.updated', { rate_limits: limits })
    this.#cancelNext = this.#clock.after(THINKING_MS, () => this.#beginItem())
  }

  /** The caller or the client cuts it off. */
  cancel(reason: 'turn_detected' | 'client_cancelled'): void {
    this.#cancelNext()
    if (this.#item) this.#endItem(this.#item, 'incomplete')
    this.#end('cancelled', { type: 'cancelled', reason })
  }

  fail(error: { type?: string; code: string; message: string }): void {
    this.#cancelNext()
    this.#end('failed', { type: 'failed', error: { type: 'server_error', ...error } })
  }

  /** Nothing more is sent of it. */
  stop(): void {
    this.#cancelNext()
  }

  #beginItem(): void {
    const item: Item = {
      id: newId('item'),
      type: 'message',
      role: 'assistant',
      source: 'model',
      status: 'in_progress',
      audioMs: 0,
      text: '',
    }
    this.#item = item
    const previous_item_id = this.#outlet.begin(item)
    const shown = { ...shownItem(item), content: [] }
    this.#send('response.output_item.added', { output_index: 0, item: shown })
    this.#outlet.send('conversation.item.added', { previous_item_id, item: shown })
    this.#sendPart('response.content_part.added', { part: { type: 'audio', transcript: '' } })
    this.#speakOn(item)
  }

  #speakOn(item: Item): void {
    const lengthMs = muLawMilliseconds(this.#speech.length)
    const untilMs = Math.min(this.#sentMs + CHUNK_MS, lengthMs)
    const chunk = this.#speech.subarray(this.#sentMs * 8, untilMs * 8)
    this.#sayOn(item, untilMs / lengthMs)
    const delta = encodeOutput(chunk, this.#settings.outputFormat).toString('base64')
    this.#outlet.spoke(item, untilMs - this.#sentMs)
    this.#sendPart('response.output_audio.delta', { delta })
    this.#sentMs = untilMs
    this.#cancelNext = this.#clock.after(CHUNK_EVERY_MS, () => {
      if (untilMs < lengthMs) this.#speakOn(item)
      else this.#complete(item)
    })
  }

  /** The words come along with the sound that speaks them. */
  #sayOn(item: Item, share: number): void {
    const { text } = this.#answer
    const until = Math.round(text.length * share)
    const delta = text.slice(this.#saidCharacters, until)
    this.#saidCharacters = until
    item.text = text.slice(0, until)
    if (delta !== '') this.#sendPart('response.output_audio_transcript.delta', { delta })
  }

  #complete(item: Item): void {
    this.#endItem(item, 'completed')
    if (this.#answer.hangsUp) this.#callFunction('end_call')
    this.#end('completed', null)
  }

  #endItem(item: Item, status: 'completed' | 'incomplete'): void {
    item.status = status
    const transcript = item.text ?? ''
    this.#sendPart('response.output_audio.done', {})
    this.#sendPart('response.output_audio_transcript.done', { transcript })
    this.#sendPart('response.content_part.done', { part: { type: 'audio', transcript } })
    const shown = shownItem(item)
    this.#output.push(shown)
    this.#send('response.output_item.done', { output_index: 0, item: shown })
    this.#outlet.send('conversation.item.done', { previous_item_id: null, item: shown })
  }

  #callFunction(name: string): void {
    const call_id = newId('call')
    const fields = { type: 'function_call' as const, name, call_id, arguments: '{}' }
    const item: Item = {
      id: newId('item'),
      type: 'function',
      source: 'model',
      status: 'completed',
      fields,
      audioMs: null,
      text: null,
    }
    const previous_item_id = this.#outlet.begin(item)
    const at = { item_id: item.id, output_index: 1 }
    this.#send('response.output_item.added', { output_index: 1, item: { ...shownItem(item), arguments: '' } })
    this.#outlet.send('conversation.item.added', { previous_item_id, item: shownItem(item) })
    this.#send('response.function_call_arguments.delta', { ...at, call_id, delta: '{}' })
    this.#send('response.function_call_arguments.done', { ...at, call_id, name, arguments: '{}' })
    this.#send('response.output_item.done', { output_index: 1, item: shownItem(item) })
    this.#outlet.send('conversation.item.done', { previous_item_id, item: shownItem(item) })
    this.#output.push(shownItem(item))
  }

  #end(status: Status, details: Record<string, unknown> | null): void {
    this.#outlet.done(this)
    this.#outlet.send('response.done', { response: this.#shown(status, details) })
  }

  #shown(status: Status, status_details: Record<string, unknown> | null = null) {
    const usage = { total_tokens: 20, input_tokens: 10, output_tokens: 10 }
    return {
      object: 'realtime.response',
      id: this.id,
      status,
      status_details,
      output: this.#output,
      usage: status === 'in_progress' ? null : usage,
    }
  }

  #sendPart(type: string, fields: Record<string, unknown>): void {
    this.#send(type, { item_id: this.#item?.id, output_index: 0, content_index: 0, ...fields })
  }

  #send(type: string, fields: Record<string, unknown>): void {
    this.#outlet.send(type, { response_id: this.id, ...fields })
  }
}
