import type { ClientEvent } from '../../src/simulator/openai/client-events.ts'
import type { SimulatedOpenAi } from '../../src/simulator/openai/start-openai.ts'

const turn = () => new Promise(setImmediate)

/** The simulated vendor's end of the latest session, in the hand of a test: what the agent says, and what has come of it. */
export class OpenAiEnd {
  readonly #vendor: SimulatedOpenAi
  readonly #admitted = new Set<string>()
  #responses = 0
  #items = 0

  constructor(vendor: SimulatedOpenAi) {
    this.#vendor = vendor
  }

  get record() {
    return [...this.#vendor.sessions.values()].at(-1)
  }

  get liveId(): string | null {
    const { record } = this
    return record && this.#vendor.liveSessionIds.includes(record.id) ? record.id : null
  }

  /** What a response under way is called. */
  get responseId(): string {
    return `resp_by_hand_${this.#responses}`
  }

  /** Resolves when the next connection is there, which the vendor has not let in for its client to know. */
  async reached(): Promise<void> {
    const isThere = () => {
      const { record } = this
      return (
        record !== undefined &&
        !this.#admitted.has(record.id) &&
        record.events.some(({ type }) => type === 'session.update')
      )
    }
    for (let turns = 0; turns < 10_000 && !isThere(); turns++) await turn()
  }

  /** Resolves when the next session was set up. */
  async admitted(): Promise<void> {
    await this.reached()
    this.#admitted.add(this.record?.id ?? '')
    await this.settled()
  }

  /** Resolves when all that was sent was taken. */
  async settled(): Promise<void> {
    if (this.liveId) await this.#vendor.session(this.liveId).taken()
    // From here on, what is sent is there with the next turn.
    await turn()
  }

  sendRaw(data: string | Buffer): void {
    if (this.liveId) this.#vendor.session(this.liveId).sendRaw(data)
  }

  send(type: string, fields: object = {}): void {
    this.sendRaw(JSON.stringify({ type, event_id: 'event_by_hand', ...fields }))
  }

  /** The agent speaks, in an item of its own unless told otherwise; returns it. */
  speak(payload: string, itemId = `item_by_hand_${++this.#items}`, responseId = this.responseId): string {
    const bytes = Buffer.from(payload, 'base64').length
    if (this.liveId) this.#vendor.session(this.liveId).speakByHand(itemId, bytes / 8)
    const at = { response_id: responseId, item_id: itemId, output_index: 0, content_index: 0 }
    this.send('response.output_audio.delta', { ...at, delta: payload })
    return itemId
  }

  says(text: string, itemId = `item_by_hand_${++this.#items}`, responseId = this.responseId): void {
    const at = { response_id: responseId, item_id: itemId, output_index: 0, content_index: 0 }
    this.send('response.output_audio_transcript.done', { ...at, transcript: text })
  }

  callerSaid(transcript: string): void {
    const at = { item_id: 'item_of_caller', content_index: 0 }
    this.send('conversation.item.input_audio_transcription.completed', { ...at, transcript })
  }

  callerStarts(): void {
    this.send('input_audio_buffer.speech_started', { audio_start_ms: 0, item_id: 'item_of_caller' })
  }

  callerStops(): void {
    this.send('input_audio_buffer.speech_stopped', { audio_end_ms: 0, item_id: 'item_of_caller' })
  }

  /** The agent begins to answer. */
  answers(): string {
    this.#responses++
    this.send('response.created', { response: { id: this.responseId, status: 'in_progress' } })
    return this.responseId
  }

  /** The answer under way, or the one of this id, is over. */
  isDone(status = 'completed', details: object | null = null, id = this.responseId): void {
    this.send('response.done', { response: { id, status, status_details: details } })
  }

  /** The client's events of this type, in order. */
  sent<Type extends ClientEvent['type']>(type: Type) {
    const isIt = (event: ClientEvent): event is Extract<ClientEvent, { type: Type }> => event.type === type
    return (this.record?.events ?? []).filter(isIt)
  }

  /** All text that the client has sent. */
  get texts(): string[] {
    const items = this.record?.items ?? []
    return items.flatMap(({ source, text }) => (source === 'client' && text !== null ? [text] : []))
  }

  /** What was said not to have been heard, in milliseconds. */
  get unheard(): number[] {
    const { truncations = [], deletions = [] } = this.record ?? {}
    return [...truncations, ...deletions].map(({ beforeMs, audioEndMs }) => beforeMs - audioEndMs)
  }
}
