import type { CarrierCall } from '../../../src/simulator/carrier/call.ts'
import type { TimelineEntry } from '../../../src/simulator/carrier/timeline.ts'
import { FRAME_MS } from '../../../src/simulator/frame-clock.ts'
import type { World } from '../../support/world.ts'
import { ChaosCaller } from '../chaos-caller.ts'
import type { RollingPlan } from './plan.ts'
import { RollingCall } from './rolling-call.ts'

/** A hand-over takes a second or two, and the agent needs a moment to speak. */
const SILENCE_MS = 13_000
const MOST_TOLD = 200

/** A call over Twilio, whose caller speaks to the agent and minds silence. */
export class TwilioRollingCall extends RollingCall {
  readonly #line: CarrierCall
  readonly #caller: ChaosCaller
  readonly #heardAgain: number[]
  #streamClosedAt: number | null = null
  #isTold = false

  /** Notes in `heardAgain` how long callers wait for sound when the service has closed their stream, in milliseconds. */
  constructor(plan: RollingPlan, from: string, { carrier, vendor }: World, heardAgain: number[]) {
    super(plan, vendor)
    this.#heardAgain = heardAgain
    this.#caller = new ChaosCaller({
      sound: () => {},
      silence: (frames) => frames * FRAME_MS > SILENCE_MS && this.giveUp('silence'),
    })
    this.#line = carrier.call({ from, caller: this.#caller })
    this.#line.onTimeline((entry) => this.#note(entry))
  }

  override get sid(): string {
    return this.#line.sid
  }

  override get isTold(): boolean {
    return this.#isTold
  }

  override get hasApologized(): boolean {
    return this.#line.timeline.some(
      (entry) =>
        entry.type === 'verb-started' && entry.verb === 'Say' && entry.detail.startsWith('I am sorry'),
    )
  }

  override get seenByCarrier(): string[] {
    return this.#line.timeline.filter(isTold).map((entry) => {
      const { type, callSid: _callSid, atMs, ...rest } = entry
      const at = new Date(this.#line.placedAt.getTime() + atMs).toISOString()
      return `${at} carrier: ${type} ${JSON.stringify(rest).slice(0, MOST_TOLD)}`
    })
  }

  override hangUp(): void {
    this.#line.hangUp()
  }

  dropStream(): void {
    this.#line.dropStream()
  }

  #note(entry: TimelineEntry): void {
    if (entry.type === 'stream-audio') this.#hearsAgent()
    else if (entry.type === 'ended') this.over(entry.by)
    else if (entry.type === 'webhook-answered' && this.endedAt !== null) this.#isTold ||= entry.status < 300
    else if (entry.type === 'stream-closed') {
      this.#caller.isTalking = false
      if (entry.by === 'service') this.#streamClosedAt = performance.now()
    }
  }

  #hearsAgent(): void {
    this.#caller.isTalking = true
    if (this.#streamClosedAt !== null) this.#heardAgain.push(performance.now() - this.#streamClosedAt)
    this.#streamClosedAt = null
  }
}

/** Marks come back twice a second. */
const isTold = ({ type }: TimelineEntry): boolean => !type.startsWith('mark-')
