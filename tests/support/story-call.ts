import { encodeMuLaw } from '../../src/audio/mulaw.ts'
import type { CarrierCall } from '../../src/simulator/carrier/call.ts'
import type { Carrier } from '../../src/simulator/carrier/carrier.ts'
import { ScriptedCaller } from '../../src/simulator/carrier/scripted-caller.ts'
import type { TimelineEntry } from '../../src/simulator/carrier/timeline.ts'
import type { ConversationRecord } from '../../src/simulator/elevenlabs/conversation-record.ts'
import type { SimulatedElevenLabs } from '../../src/simulator/elevenlabs/start-elevenlabs.ts'
import type { TestDatabase } from './database.ts'
import { until } from './until.ts'

export type StoryEvent = { seq: number; type: string; before: string; after: string }
export type Turn = { role: string; text: string; heard: string | null; interrupted: boolean }

/** Loud enough to be taken for a voice; 8 kHz. */
const VOWEL = (milliseconds: number) =>
  encodeMuLaw(Int16Array.from({ length: milliseconds * 8 }, (_, i) => 9_000 * Math.sin(i / 4)))

/** A call as a story follows it: what the carrier sees of it, what the vendor does, and what is written down. */
export class StoryCall {
  readonly caller = new ScriptedCaller()
  readonly line: CarrierCall
  readonly #db: TestDatabase
  readonly #vendor: SimulatedElevenLabs
  #id: string | null = null

  constructor(parts: { from: string; carrier: Carrier; db: TestDatabase; vendor: SimulatedElevenLabs }) {
    this.#db = parts.db
    this.#vendor = parts.vendor
    this.line = parts.carrier.call({ from: parts.from, caller: this.caller })
  }

  get sid(): string {
    return this.line.sid
  }

  /** Our own id of the call, once it is there. */
  async id(): Promise<string> {
    this.#id ??= await this.#until('is written down', async () => (await this.row())?.id ?? null)
    return this.#id
  }

  /** Resolves when the call is in this state, such as `hold` or `bridged.talking`. */
  async reaches(state: string): Promise<this> {
    await this.#until(`is ${state}`, async () => (await this.state()) === state)
    return this
  }

  /** Resolves when more has happened to the call than these first events. */
  async movesOn(events: number): Promise<void> {
    await this.#until(`has more than ${events} events`, async () => (await this.events()).length > events)
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

  /** Resolves with the first entry of this kind, be it in the past or to come. */
  sees<Type extends TimelineEntry['type']>(
    type: Type,
    matches: (entry: Extract<TimelineEntry, { type: Type }>) => boolean = () => true,
  ): Promise<Extract<TimelineEntry, { type: Type }>> {
    const isIt = (entry: TimelineEntry): entry is Extract<TimelineEntry, { type: Type }> =>
      entry.type === type && matches(entry as Extract<TimelineEntry, { type: Type }>)
    return this.#until(`sees ${type}`, async () => this.line.timeline.find(isIt) ?? null)
  }

  /** Resolves when the carrier is about to ask what comes next, and is kept from it. */
  waitsToPoll(): Promise<unknown> {
    return this.#until('waits to poll', async () => {
      const last = this.line.timeline.at(-1)
      return last?.type === 'verb-started' && last.verb === 'Redirect'
    })
  }

  /** The caller speaks, for so long in their own time. */
  speak(milliseconds: number): void {
    this.caller.say(VOWEL(milliseconds))
  }

  hangUp(): void {
    this.line.hangUp()
  }

  /** Resolves with the outcome when the call is over for the carrier and for us. */
  async outcome(): Promise<string> {
    await this.#until('is over at the carrier', async () => this.line.endedAt)
    return this.#until('has an outcome', async () => (await this.row())?.outcome ?? null)
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
    return this.#until(
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
    return this.#until(`has ${count} turns`, async () => {
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

  #until<Result>(what: string, look: () => Promise<Result>): Promise<NonNullable<Result>> {
    return until(`Call ${this.sid} ${what}`, look, async () =>
      JSON.stringify({ row: await this.row(), timeline: this.line.timeline.slice(-12) }, null, 1),
    )
  }
}
