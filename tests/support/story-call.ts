import { encodeMuLaw } from '../../src/audio/mulaw-buffer.ts'
import type { CallOptions, CarrierCall } from '../../src/simulator/carrier/call.ts'
import type { Carrier } from '../../src/simulator/carrier/carrier.ts'
import type { TimelineEntry } from '../../src/simulator/carrier/timeline.ts'
import type { SimulatedElevenLabs } from '../../src/simulator/elevenlabs/start-elevenlabs.ts'
import { CallRecord } from './call-record.ts'
import type { TestDatabase } from './database.ts'
import { ScriptedCaller } from './scripted-caller.ts'

/** Loud enough to be taken for a voice; 8 kHz. */
const VOWEL = (milliseconds: number) =>
  encodeMuLaw(Int16Array.from({ length: milliseconds * 8 }, (_, i) => 9_000 * Math.sin(i / 4)))

/** A call as a story follows it: what the carrier sees of it, what the vendor does, and what is written down. */
export class StoryCall extends CallRecord {
  readonly caller = new ScriptedCaller()
  readonly line: CarrierCall

  constructor(
    parts: { carrier: Carrier; db: TestDatabase; vendor: SimulatedElevenLabs },
    dialled: Pick<CallOptions, 'from' | 'to' | 'stirVerstat'>,
  ) {
    super(parts)
    this.line = parts.carrier.call({ ...dialled, caller: this.caller })
  }

  override get sid(): string {
    return this.line.sid
  }

  /** Resolves with the first entry of this kind, be it in the past or to come. */
  sees<Type extends TimelineEntry['type']>(
    type: Type,
    matches: (entry: Extract<TimelineEntry, { type: Type }>) => boolean = () => true,
  ): Promise<Extract<TimelineEntry, { type: Type }>> {
    const isIt = (entry: TimelineEntry): entry is Extract<TimelineEntry, { type: Type }> =>
      entry.type === type && matches(entry as Extract<TimelineEntry, { type: Type }>)
    return this.until(`sees ${type}`, async () => this.line.timeline.find(isIt) ?? null)
  }

  /** Resolves when the carrier is about to ask what comes next, and is kept from it. */
  waitsToPoll(): Promise<unknown> {
    return this.until('waits to poll', async () => {
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
    await this.until('is over at the carrier', async () => this.line.endedAt)
    return this.until('has an outcome', async () => (await this.row())?.outcome ?? null)
  }

  protected override tell(): unknown {
    return this.line.timeline.slice(-12)
  }
}
