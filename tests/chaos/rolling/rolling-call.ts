import type { SimulatedElevenLabs } from '../../../src/simulator/elevenlabs/start-elevenlabs.ts'
import type { WatchedCall } from '../watch.ts'
import type { RollingPlan } from './plan.ts'

export type EndedBy = 'caller' | 'service' | 'carrier'

/** A call of the plan, whichever carrier brings it: led by the run, and followed in the database. */
export abstract class RollingCall implements WatchedCall {
  readonly plan: RollingPlan
  /** Our own id of the call, and its place, as they were read last. */
  callId: string | null = null
  shown: string | null = null
  outcome: string | null = null
  /** The version of the chart by which it was written last. */
  chart: string | null = null
  /** It was at its place when the old version was told to go. */
  wasThere = false
  /** Its chart at that moment. */
  chartThen: string | null = null
  gaveUp: string | null = null
  endedAt: number | null = null
  endedBy: EndedBy | null = null
  readonly #vendor: SimulatedElevenLabs

  constructor(plan: RollingPlan, vendor: SimulatedElevenLabs) {
    this.plan = plan
    this.#vendor = vendor
  }

  /** The carrier's name for the call. */
  abstract get sid(): string
  abstract get isTold(): boolean
  abstract get hasApologized(): boolean

  /** What its carrier saw, a line each. */
  abstract get seenByCarrier(): string[]

  /** The caller puts the phone down. */
  abstract hangUp(): void

  get conversationIds(): string[] {
    return this.#vendor.liveConversationIds.filter(
      (id) =>
        this.callId !== null &&
        this.#vendor.conversations.get(id)?.initData?.dynamic_variables?.call_id === this.callId,
    )
  }

  get isTalking(): boolean {
    return this.endedAt === null && this.shown === 'bridged.talking' && this.conversationIds.length > 0
  }

  /** The agent says goodbye, or its socket breaks. */
  endByAgent(): void {
    for (const id of this.conversationIds) this.#vendor.closeAgent(1000, id)
  }

  loseAgent(): void {
    for (const id of this.conversationIds) this.#vendor.dropAgentSocket(id)
  }

  /** The service has forgotten the caller, who hangs up. */
  giveUp(why: string): void {
    if (this.endedAt !== null) return
    this.gaveUp = why
    this.hangUp()
  }

  protected over(by: EndedBy): void {
    this.endedAt ??= Date.now()
    this.endedBy ??= by
  }
}
