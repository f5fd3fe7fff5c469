import type { ConversationRecord } from '../../src/simulator/elevenlabs/conversation-record.ts'
import type { SimulatedElevenLabs } from '../../src/simulator/elevenlabs/start-elevenlabs.ts'
import type { TestDatabase } from './database.ts'
import { until } from './until.ts'

export type StoryEvent = { seq: number; type: string; before: string; after: string }
export type Turn = { role: string; text: string; heard: string | null; interrupted: boolean }

/** A call as it is written down and as the vendor sees it, whichever carrier brought it. */
export abstract class CallRecord {
  readonly #db: TestDatabase
  readonly #vendor: SimulatedElevenLabs
  #id: string | null = null

  constructor({ db, vendor }: { db: TestDatabase; vendor: SimulatedElevenLabs }) {
    this.#db = db
    this.#vendor = vendor
  }

  /** The carrier's name for the call. */
  abstract get sid(): string

  /** How things stand with the carrier, for whoever waits in vain. */
  protected abstract tell(): unknown

  /** How long a call may take to what is awaited of it; by default what `until` takes for long. */
  protected get patienceMs(): number | undefined {
    return undefined
  }

  /** Our own id of the call, once it is there. */
  async id(): Promise<string> {
    this.#id ??= await this.until('is written down', async () => (await this.row())?.id ?? null)
    return this.#id
  }

  /** Resolves when the call is in this state, such as `hold` or `bridged.talking`. */
  async reaches(state: string): Promise<this> {
    await this.until(`is ${state}`, async () => (await this.state()) === state)
    return this
  }

  async state(): Promise<string> {
    const row = await this.row()
    return row ? [row.state, row.bridge].filter(Boolean).join('.') : 'unknown'
  }

  async row() {
    const [row] = await this.#db.query<{ id: string; state: string; bridge: string | null; outcome: string }>(
      'select id, state, bridge, outcome, voice_id as "voiceId" from call_log where provider_call_id = $1',
      [this.sid],
    )
    return row ?? null
  }

  /** The conversations with the agent that were begun for this call, oldest first. */
  async conversations(): Promise<ConversationRecord[]> {
    const id = await this.id()
    return [...this.#vendor.conversations.values()].filter(
      ({ initData }) => initData?.dynamic_variables?.call_id === id,
    )
  }

  /** Resolves with the conversation of this number, counted from 1, once the agent is told of the call. */
  conversation(number: number): Promise<ConversationRecord> {
    return this.until(
      `has conversation ${number}`,
      async () => (await this.conversations())[number - 1] ?? null,
    )
  }

  /** What is written down of the conversation. */
  async turns(): Promise<Turn[]> {
    return this.#db.query<Turn>(
      'select role, text, heard, interrupted from conversation_turn where call_id = $1 order by id',
      [await this.id()],
    )
  }

  /** Resolves when so many turns are written down. */
  hasTurns(count: number): Promise<Turn[]> {
    return this.until(`has ${count} turns`, async () => {
      const turns = await this.turns()
      return turns.length >= count ? turns : null
    })
  }

  async events(): Promise<StoryEvent[]> {
    return this.#db.query<StoryEvent>(
      'select seq, type, state_before as before, state_after as after from call_event where call_id = $1 order by seq',
      [await this.id()],
    )
  }

  protected until<Result>(what: string, look: () => Promise<Result>): Promise<NonNullable<Result>> {
    return until(
      `Call ${this.sid} ${what}`,
      look,
      async () => JSON.stringify({ row: await this.row(), carrier: this.tell() }, null, 1),
      this.patienceMs,
    )
  }
}
