import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import type { CallEvent, CallLimits, VoiceEvent } from '../../machines/call-events.ts'
import type { EndReason } from '../../machines/end-reasons.ts'
import type { CallView } from '../../machines/instructions.ts'
import {
  ActorHost,
  type ActorHostOptions,
  type ActorNow,
  type StepReport as ReportOf,
} from '../actors/actor-host.ts'
import type { Address, Delivery } from '../actors/actor-store.ts'
import type { JoinedBridge } from '../media/calls-port.ts'
import { callDefinition } from './call-definition.ts'
import { firstLegId } from './for-release-before.ts'
import type { Provider } from './ports.ts'
import { beginCall } from './step.ts'
import type { CallAddress, CallRow, CallStore, CallTypes, NewCall } from './store.ts'

export type CallNow = ActorNow<CallTypes>
export type StepReport = ReportOf<CallTypes>

export type CallHostOptions = Omit<ActorHostOptions<CallTypes>, 'definition' | 'store'> & {
  store: CallStore
  limits: CallLimits
  maxConcurrentCalls: number
  /** Whether this node takes no new calls of this carrier. */
  isDraining: (provider: Provider) => boolean
}

/** The home of the calls: how they are let in, joined to their media, and told of their voices, on the host of all actors. */
export class CallHost {
  readonly actors: ActorHost<CallTypes>
  readonly #options: CallHostOptions

  constructor(options: CallHostOptions) {
    this.#options = options
    this.actors = new ActorHost({ ...options, definition: callDefinition })
  }

  start(): void {
    this.actors.start()
  }

  stop(): Promise<void> {
    return this.actors.stop()
  }

  /** Begins the call, or finds the one that this carrier announced before. */
  async open(call: Omit<NewCall, 'id' | 'legId' | 'mediaSecret'>): Promise<CallNow & { created: boolean }> {
    const { store, nodeId, maxConcurrentCalls: capacity, limits } = this.#options
    const id = uuidv7()
    const mediaSecret = randomBytes(24).toString('base64url')
    const fresh = { ...call, id, legId: firstLegId(id), mediaSecret }
    const opened = await store.open(
      fresh,
      ({ voice, liveCalls }) => {
        const admission = this.#admit(call.provider, liveCalls)
        return beginCall(id, { legId: fresh.legId, admission, voice, limits })
      },
      { nodeId, capacity },
    )
    return { ...this.actors.takeUp(opened), created: opened.created }
  }

  /**
   * Says something to a call, or to the leg that its carrier's id names; null when there is none such. Rejects with AnswerPending while a process that knows the
   * call's chart has not answered.
   */
  send(
    address: CallAddress,
    event: CallEvent,
    delivery: Pick<Delivery, 'eventId'> = {},
  ): Promise<CallNow | null> {
    return this.actors.send(addressOf(address), event, delivery)
  }

  find(address: CallAddress): Promise<{ row: CallRow; view: CallView } | null> {
    return this.actors.find(addressOf(address))
  }

  /** Tells every live call that waits for these samples how the clone went. */
  async announceVoice(sampleKey: string, event: VoiceEvent): Promise<void> {
    const calls = await this.#options.store.liveCallsWith(sampleKey)
    await Promise.all(calls.map((callId) => this.actors.send(callId, event)))
  }

  /** Joins a media stream that presents the token of the call's present bridge; says why not otherwise. */
  async join(claim: {
    callId: string
    providerCallId: string
    token: string | null
  }): Promise<JoinedBridge | { refused: string }> {
    const found = await this.find({ callId: claim.callId })
    if (!found) return { refused: 'unknown call' }
    const { legId, bridgeNumber } = found.view.context
    const leg = found.row.legs.find(({ id }) => id === legId)
    if (leg?.providerCallId !== claim.providerCallId) return { refused: 'the stream is of another call' }
    if (!claim.token || !isSame(claim.token, streamToken(found.row, legId, bridgeNumber))) {
      return { refused: 'the token is wrong, or of another leg or an earlier bridge' }
    }
    const about = { leg: legId, bridgeNumber }
    const joined = await this.send(claim, { type: 'media.joined', ...about, node: this.#options.nodeId })
    if (!joined?.handled) return { refused: 'the token was used before' }
    return { legId, bridgeNumber, view: joined.view }
  }

  #admit(
    provider: Provider,
    liveCalls: number,
  ): 'accepted' | Extract<EndReason, 'capacity_full' | 'draining'> {
    if (this.#options.isDraining(provider)) return 'draining'
    return liveCalls >= this.#options.maxConcurrentCalls ? 'capacity_full' : 'accepted'
  }
}

const addressOf = (address: CallAddress): Address<CallTypes> =>
  'callId' in address ? address.callId : address

/** The single-use token of one bridge of one leg; the chart takes each bridge once. */
export function streamToken(
  { mediaSecret }: Pick<CallRow, 'mediaSecret'>,
  legId: string,
  bridgeNumber: number,
): string {
  return createHmac('sha256', mediaSecret).update(`${legId}.${bridgeNumber}`).digest('base64url')
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}
