import type { ClientEvent } from '../../src/simulator/openai/live/client-events.ts'
import type { SimulatedOpenAi } from '../../src/simulator/openai/start-openai.ts'

const turn = () => new Promise(setImmediate)

/** The simulated vendor's end of the latest session of the Live API, in the hand of a test. */
export class LiveEndByHand {
  readonly #vendor: SimulatedOpenAi
  readonly #admitted = new Set<string>()
  #ms = 0

  constructor(vendor: SimulatedOpenAi) {
    this.#vendor = vendor
  }

  get record() {
    return [...this.#vendor.live.records.values()].at(-1)
  }

  get openId(): string | null {
    const { record } = this
    return record && this.#vendor.live.openIds.includes(record.id) ? record.id : null
  }

  get session() {
    return this.openId === null ? null : this.#vendor.live.session(this.openId)
  }

  /** Resolves when the next connection is there. */
  async reached(): Promise<void> {
    const isThere = () => this.record !== undefined && !this.#admitted.has(this.record.id)
    for (let turns = 0; turns < 10_000 && !isThere(); turns++) await turn()
  }

  /** Resolves when the next session was begun. */
  async admitted(): Promise<void> {
    await this.reached()
    this.#admitted.add(this.record?.id ?? '')
    const isBegun = () => this.openId === null || this.record?.config !== null
    for (let turns = 0; turns < 10_000 && !isBegun(); turns++) await turn()
    await this.settled()
  }

  /** Resolves when all that was sent was taken. */
  async settled(): Promise<void> {
    await this.session?.taken()
    // From here on, what is sent is there with the next turn.
    await turn()
  }

  sendRaw(data: string | Buffer): void {
    this.session?.sendRaw(data)
  }

  send(type: string, fields: object = {}): void {
    this.sendRaw(JSON.stringify({ type, event_id: 'event_by_hand', ...fields }))
  }

  speak(delta: string): void {
    this.send('session.output_audio.delta', { delta })
  }

  /** A fragment of what one side says, which follows upon the last one unless told otherwise. */
  says(side: 'input' | 'output', delta: string, start_ms = this.#ms, end_ms = start_ms + 200): void {
    this.#ms = end_ms
    this.send(`session.${side}_transcript.delta`, { delta, start_ms, end_ms })
  }

  /** The client's events of this type, in order. */
  sent<Type extends ClientEvent['type']>(type: Type) {
    const isIt = (event: ClientEvent): event is Extract<ClientEvent, { type: Type }> => event.type === type
    return (this.record?.events ?? []).filter(isIt)
  }

  /** All text that the client has sent, the conversation before the session included. */
  get texts(): string[] {
    const input = this.record?.config?.input ?? []
    const appended = (this.record?.events ?? []).flatMap((event) =>
      'content' in event ? [event.content] : [],
    )
    return [...input.flatMap(({ content }) => content.map(({ text }) => text)), ...appended]
  }
}
