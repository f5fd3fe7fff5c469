import type { Logger } from 'pino'
import type { AgentEvent, CallEvent, MediaEvent } from '../../machines/call-events.ts'
import {
  type CallView,
  isKnownState,
  type MediaInstruction,
  mediaInstruction,
} from '../../machines/instructions.ts'
import type { MediaCalls } from './calls-port.ts'

type WithoutBridgeNumber<Event> = Event extends { bridgeNumber: number } ? Omit<Event, 'bridgeNumber'> : never

/** What a media session has to say to its call; the number of its bridge is added here. */
export type BridgeReport = WithoutBridgeNumber<AgentEvent | MediaEvent>

/** What a bridge says to its media session. */
export interface BridgeListener {
  /** The stream was let in; instructions follow. */
  joined(bridgeNumber: number): void
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
  #bridgeNumber: number | null = null
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
    return this.#bridgeNumber
  }

  /** Presents the stream's token; the answer comes by the listener. */
  join(providerCallId: string, token: string | null): void {
    this.#inOrder(async () => {
      const answer = await this.#calls.join({ callId: this.#callId, providerCallId, token })
      if ('refused' in answer) this.#listener.refused(answer.refused)
      else this.#joined(answer.bridgeNumber, answer.view)
    })
  }

  /** Tells the call. Before the join is answered it waits for it, and is not said at all to a call that refused. */
  report(report: BridgeReport): void {
    this.#inOrder(async () => {
      if (this.#bridgeNumber === null) return
      const event: CallEvent = { ...report, bridgeNumber: this.#bridgeNumber }
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

  #joined(bridgeNumber: number, view: CallView): void {
    this.#bridgeNumber = bridgeNumber
    this.#listener.joined(bridgeNumber)
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
    if (this.#bridgeNumber === null) this.#early = view
    else if (view.seq >= this.#seq) {
      this.#seq = view.seq
      this.#listener.instructed(mediaInstruction(view, this.#bridgeNumber), view.context.agentConnection)
    }
  }
}
