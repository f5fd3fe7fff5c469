import type { Logger } from 'pino'
import type { AgentEvent, CallEvent, MediaEvent } from '../../machines/call-events.ts'
import {
  type CallView,
  isKnownState,
  type MediaInstruction,
  mediaInstruction,
} from '../../machines/instructions.ts'
import type { JoinedBridge, MediaCalls } from './calls-port.ts'

type WithoutBridgeNumber<Event> = Event extends { bridgeNumber: number } ? Omit<Event, 'bridgeNumber'> : never

/** What a media session has to say to its call; its leg and the number of its bridge are added here. */
export type BridgeReport = WithoutBridgeNumber<AgentEvent | MediaEvent>

/** What a bridge says to its media session. */
export interface BridgeListener {
  /** The stream was let in; instructions follow. */
  joined(bridge: Omit<JoinedBridge, 'view'>): void
  refused(reason: string): void
  /** `connection` numbers the connection to the agent that the call is at. */
  instructed(instruction: MediaInstruction, connection: number): void
  /** The call cannot be reached, so nobody says any more what is to be done. */
  failed(why: string): void
}

/** One bridge's conversation with its call: reports go out in order, one at a time, and instructions come back. */
export class Bridge {
  readonly #callId: string
  readonly #calls: MediaCalls
  readonly #log: Logger
  readonly #listener: BridgeListener
  readonly #unwatch: () => void
  /** Null until the stream has been let in. */
  #bridge: Omit<JoinedBridge, 'view'> | null = null
  /** The newest change of the call that came while the stream was being let in. */
  #early: CallView | null = null
  /** The newest view that was followed: answers and changes come over two ways, so an older one may come later. */
  #seq = 0
  #reported: Promise<void> = Promise.resolve()

  constructor(callId: string, calls: MediaCalls, log: Logger, listener: BridgeListener) {
    this.#callId = callId
    this.#calls = calls
    this.#log = log
    this.#listener = listener
    // Before the join, so that no change falls between the two.
    this.#unwatch = calls.watch(callId, (view) => this.#follow(view))
  }

  /** Its number; null until the stream has been let in. */
  get bridgeNumber(): number | null {
    return this.#bridge?.bridgeNumber ?? null
  }

  /** Presents the stream's token; the answer comes by the listener. */
  join(providerCallId: string, token: string | null): void {
    this.#inOrder(async () => {
      const answer = await this.#calls.join({ callId: this.#callId, providerCallId, token })
      if ('refused' in answer) this.#listener.refused(answer.refused)
      else this.#joined(answer)
    })
  }

  /** Tells the call. Before the join is answered it waits for it, and is not said at all to a call that refused. */
  report(report: BridgeReport): void {
    this.#inOrder(async () => {
      if (this.#bridge === null) return
      const { legId: leg, bridgeNumber } = this.#bridge
      const event: CallEvent =
        report.type === 'media.lost' ? { ...report, leg, bridgeNumber } : { ...report, bridgeNumber }
      const view = await this.#calls.send(this.#callId, event)
      if (view === null) this.#listener.failed('the call is unknown')
      else this.#follow(view)
    })
  }

  /** No more changes of the call are of interest; reports still go out. */
  leave(): void {
    this.#unwatch()
  }

  /** Resolves when everything reported until now has been told to the call, or could not be. */
  settled(): Promise<void> {
    return this.#reported
  }

  #joined({ view, ...bridge }: JoinedBridge): void {
    this.#bridge = bridge
    this.#listener.joined(bridge)
    this.#follow(view)
    if (this.#early !== null) this.#follow(this.#early)
  }

  #inOrder(step: () => Promise<void>): void {
    this.#reported = this.#reported.then(step).catch((error: unknown) => {
      this.#log.error({ err: error }, 'A media session could not reach its call')
      this.#listener.failed('the call could not be reached')
    })
  }

  #follow(view: CallView): void {
    // A newer chart may have led the call into a state without a name here: what is under way goes on.
    if (!isKnownState(view.state)) return
    if (this.#bridge === null) this.#early = view
    else if (view.seq >= this.#seq) {
      this.#seq = view.seq
      this.#listener.instructed(
        mediaInstruction(view, this.#bridge.bridgeNumber),
        view.context.agentConnection,
      )
    }
  }
}
