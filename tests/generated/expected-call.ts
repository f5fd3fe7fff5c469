import type { CallInput } from '../../machines/call-events.ts'
import { type LegInstruction, legInstructions } from '../../machines/instructions.ts'
import { type AnyEvent, begin, feed, placeOf, type Step, viewOf } from '../../src/model/call-model.ts'
import { type ExpectedState, expectedOf } from '../../src/model/call-paths.ts'
import type { LegOrder } from './leg-driver.ts'

/** Entered anew, each of these calls the agent. */
const CALLS_THE_AGENT = ['bridged.connecting', 'bridged.reconnecting']

/** A call as the chart says that it is, and what of it can be seen from outside. */
export class ExpectedCall {
  /** How many conversations with the agent have been begun. */
  conversations = 0
  /** What the carrier has been told without asking. */
  readonly orders: LegOrder[] = []
  #step: Step

  constructor(input: CallInput) {
    this.#step = begin(input)
  }

  hear(event: AnyEvent): void {
    const before = this.place
    this.#step = feed(this.#step.snapshot, event)
    if (CALLS_THE_AGENT.includes(this.place) && this.place !== before) this.conversations++
    for (const { type } of this.effects) {
      if (type === 'redirectLeg') this.orders.push('redirect')
      if (type === 'hangUpLeg') this.orders.push('hang-up')
    }
  }

  /** The leg's place in the chart, such as `bridged.talking`. */
  get place(): string {
    return placeOf(this.#step.snapshot).leg
  }

  get state(): ExpectedState {
    return expectedOf(this.#step.snapshot)
  }

  get fault(): string | null {
    return this.#step.snapshot.output?.fault ?? null
  }

  get voiceId(): string | null {
    return viewOf(this.#step.snapshot).context.voiceId
  }

  get instructions(): LegInstruction[] {
    return legInstructions(viewOf(this.#step.snapshot))
  }

  /** What the latest step asks of the world. */
  get effects(): { type: string; params: object }[] {
    const asked = this.#step.actions.filter(({ type }) => !type.startsWith('xstate.'))
    return asked.map(({ type, params }) => ({ type, params: params as object }))
  }

  /** A caller may still hear the agent's last word from a bridge that the call has left. */
  get mayStillPlay(): boolean {
    const { state, endReason } = this.state
    return ['closing', 'ended'].includes(state) && endReason === 'agent_ended'
  }
}
