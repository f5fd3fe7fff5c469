import type { CarrierCall } from '../../src/simulator/carrier/call.ts'
import type { Carrier } from '../../src/simulator/carrier/carrier.ts'
import type { EndedBy, TimelineEntry } from '../../src/simulator/carrier/timeline.ts'
import type { SimulatedElevenLabs } from '../../src/simulator/elevenlabs/start-elevenlabs.ts'
import { FRAME_MS } from '../../src/simulator/frame-clock.ts'
import { ChaosCaller } from './chaos-caller.ts'
import type { HangUpAt, PlannedCall } from './plan.ts'

/** A hung node's calls are bridged elsewhere within ten seconds, and the agent needs a moment to speak. */
const SILENCE_MS = 13_000
/** From the answer to the agent's first word: the longest wait for a clone, and the bound of silence. */
const NEVER_JOINED_MS = 40_000
/** From the agent's goodbye to the carrier's end of the call, its last words included. */
const NOT_ENDED_MS = 15_000

/** What took the agent away, so that its coming back is measured. */
export type Interruption = 'kill' | 'stop' | 'drain'

/** How long callers waited to hear the agent again, in milliseconds at their ear, by what took it away. */
export type HeardAgain = Record<Interruption, number[]>

/** Why the caller hung up: as planned, or because the service had forgotten them. */
type HangUp = 'planned' | 'silence' | 'never joined' | 'not ended'

type Parts = {
  carrier: Carrier
  vendor: SimulatedElevenLabs
  from: string
  heardAgain: HeardAgain
  timeScale: number
}

/** One planned call: leads its caller through it, and notes what became of it at the caller's ear. */
export class ChaosCall {
  readonly plan: PlannedCall
  readonly line: CarrierCall
  readonly beganAt = Date.now()
  readonly caller: ChaosCaller
  /** Our own id of the call, which its media stream names. */
  callId: string | null = null
  hangUp: HangUp | null = null
  endedAt: number | null = null
  endedBy: EndedBy | null = null
  /** The agent was made to end the conversation. */
  agentEnded = false
  /** Nobody was told how the call ended, which was done on purpose. */
  isUntold = false
  /** The service has taken the carrier's word on how the call ended. */
  isTold = false
  /** How often its own agent was dropped on purpose. */
  agentDrops = 0
  readonly #parts: Parts
  readonly #timers = new Set<NodeJS.Timeout>()
  #hasStream = false
  #hasTalked = false
  #notEnded: NodeJS.Timeout | undefined
  #awaited: { by: Interruption; since: number | null } | null = null

  constructor(plan: PlannedCall, parts: Parts) {
    this.plan = plan
    this.#parts = parts
    this.caller = new ChaosCaller({
      sound: () => this.#hears(),
      silence: (frames) => frames * FRAME_MS * parts.timeScale > SILENCE_MS && this.#hangUp('silence'),
    })
    this.line = parts.carrier.call({ from: parts.from, caller: this.caller })
    this.line.onTimeline((entry) => this.#note(entry))
  }

  /** Agent and caller hear each other, as far as the caller can tell. */
  get isTalking(): boolean {
    return this.caller.isTalking && this.endedAt === null
  }

  /** The carrier's name for the call. */
  get sid(): string {
    return this.line.sid
  }

  /** The vendor's ids of this call's conversations that are open, oldest first: a node that hangs does not let go of its own. */
  get conversationIds(): string[] {
    const { vendor } = this.#parts
    return vendor.liveConversationIds.filter(
      (id) =>
        this.callId && vendor.conversations.get(id)?.initData?.dynamic_variables?.call_id === this.callId,
    )
  }

  /**
   * The node that has the call's stream is gone or hangs since this moment of `performance.now()`, or is told to hand over:
   * then agent and caller hear each other until the stream ends.
   */
  interrupted(by: Interruption, since: number): void {
    if (this.caller.isTalking) this.#awaited ??= { by, since: by === 'drain' ? null : since }
  }

  /** A node was killed, be it this call's or another. */
  nodeKilled(): void {
    this.#reached('kill')
  }

  #note(entry: TimelineEntry): void {
    if (entry.type === 'answered') this.#answered()
    else if (entry.type === 'verb-started' && isHold(entry)) this.#reached('hold')
    else if (entry.type === 'stream-opened') this.#streams(entry.url)
    else if (entry.type === 'ended') this.#ended(entry.by)
    else if (entry.type === 'webhook-answered' && this.endedAt) this.isTold ||= entry.status < 300
    else if (entry.type === 'stream-closed') {
      this.#hasStream = false
      this.caller.isTalking = false
      if (this.#awaited) this.#awaited.since ??= performance.now()
    }
  }

  #answered(): void {
    this.#reached('greeting')
    this.#after(NEVER_JOINED_MS, () => this.#hasTalked || this.#hangUp('never joined'))
  }

  #streams(url: string): void {
    this.callId = new URL(url).pathname.split('/').at(-1) ?? null
    this.#hasStream = true
    this.#reached('joining')
  }

  #hears(): void {
    if (!this.#hasStream || this.caller.isTalking) return
    this.caller.isTalking = true
    const awaited = this.#awaited
    this.#awaited = null
    if (awaited?.since) this.#parts.heardAgain[awaited.by].push(performance.now() - awaited.since)
    // The agent's goodbye was lost with the node; it says goodbye to the next one.
    if (this.agentEnded) this.#endAsPlanned()
    if (this.#hasTalked) return
    this.#hasTalked = true
    // A planned moment that this call never came to is made up for here.
    this.#after(this.plan.hangsUpAt === 'talking' ? this.plan.afterMs : 10_000, () => this.#endAsPlanned())
  }

  #reached(moment: HangUpAt): void {
    if (this.plan.hangsUpAt === moment) this.#after(this.plan.afterMs, () => this.#hangUp('planned'))
  }

  #endAsPlanned(): void {
    const conversation = this.conversationIds.at(-1)
    if (this.plan.endsBy === 'agent' && conversation && this.isTalking) this.#endByAgent(conversation)
    else this.#hangUp('planned')
  }

  #endByAgent(conversation: string): void {
    this.agentEnded = true
    this.#parts.vendor.closeAgent(1000, conversation)
    clearTimeout(this.#notEnded)
    this.#notEnded = this.#after(NOT_ENDED_MS, () => this.#hangUp('not ended'))
  }

  #hangUp(why: HangUp): void {
    if (this.endedAt !== null || this.hangUp) return
    this.hangUp = why
    this.line.hangUp()
  }

  #ended(by: EndedBy): void {
    this.endedAt = Date.now()
    this.endedBy = by
    this.caller.isTalking = false
    this.isUntold = this.#parts.carrier.faults.noStatusCallbacks
    for (const timer of this.#timers) clearTimeout(timer)
  }

  #after(ms: number, act: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      act()
    }, ms)
    this.#timers.add(timer)
    return timer
  }
}

const isHold = ({ verb, detail }: { verb: string; detail: string }): boolean =>
  verb === 'Play' && detail.includes('/audio/hold/')
