import type { CallEvent } from '../../machines/call-events.ts'
import { type Orphan, Orphans } from './orphans.ts'
import type { Provider } from './ports.ts'
import { SecondLook } from './second-look.ts'

/** A bridge of a live call, as it is written down. */
export type HeldBridge = { callId: string; legId: string; provider: Provider; bridgeNumber: number }

export interface BridgeRegister {
  /** The bridges whose media sessions this node is written down to hold. */
  heldBy(nodeId: string): Promise<HeldBridge[]>
  /** Those of them whose legs do not need the node. */
  movableFrom(nodeId: string): Promise<HeldBridge[]>
  /** Those of nodes that are not listed. */
  heldByNobody(): Promise<(HeldBridge & Orphan)[]>
}

/** A media session of this node. `bridgeNumber` is null until its stream was let in. */
export type OpenSession = { callId: string; bridgeNumber: number | null }

export type BridgeKeeperOptions = {
  register: BridgeRegister
  nodeId: string
  send: (callId: string, event: CallEvent) => Promise<unknown>
  sessions: () => OpenSession[]
  /** Has the session of this call told how the call stands. */
  refresh: (callId: string) => Promise<void>
}

/**
 * Holds what is written of bridges against what there is. A word about a stream may get lost, with a node or with a
 * database that is away; compared again and again, it cannot hold a place for longer than a moment.
 */
export class BridgeKeeper {
  readonly #options: BridgeKeeperOptions
  /** Bridges without a session, and sessions without a bridge. */
  readonly #missing = new SecondLook<HeldBridge>(keyOf)
  readonly #stray = new SecondLook<OpenSession>(keyOf)
  readonly #orphans = new Orphans<HeldBridge & Orphan>(keyOf)

  constructor(options: BridgeKeeperOptions) {
    this.#options = options
  }

  /** Compares the bridges of this node. To be called every few seconds. */
  async compare(): Promise<void> {
    const { register, nodeId, sessions, refresh } = this.#options
    const written = await register.heldBy(nodeId)
    const open = sessions()
    const missing = written.filter((bridge) => !open.some((session) => isOf(session, bridge)))
    const stray = open.filter((session) => !written.some((bridge) => isOf(session, bridge)))
    const [lost, strayed] = [this.#missing.again(missing), this.#stray.again(stray)]
    await Promise.all(lost.map((bridge) => this.#lose(bridge)))
    await Promise.all(strayed.map(({ callId }) => refresh(callId)))
  }

  /** The bridges of nodes that are gone have broken. */
  async loseThoseOfNobody(): Promise<void> {
    const bridges = this.#orphans.certain(await this.#options.register.heldByNobody())
    await Promise.all(bridges.map((bridge) => this.#lose(bridge)))
  }

  /** Has the legs of a node that answers nobody led to others; its streams may be open, with nobody behind them. */
  async leadAwayFrom(nodeId: string): Promise<void> {
    const { register, send } = this.#options
    const bridges = await register.movableFrom(nodeId)
    await Promise.all(
      bridges.map(({ callId, legId: leg, provider, bridgeNumber }) =>
        send(callId, {
          type: provider === 'sip' ? 'leg.streamEnded' : 'relay.unresponsive',
          leg,
          bridgeNumber,
        }),
      ),
    )
  }

  /** A SIP leg is held by a process of ours, which makes it the next bridge; Twilio asks for it when its stream breaks. */
  async #lose({ callId, legId: leg, provider, bridgeNumber }: HeldBridge): Promise<void> {
    const { send } = this.#options
    if (provider === 'sip') await send(callId, { type: 'leg.streamEnded', leg, bridgeNumber })
    else await send(callId, { type: 'media.lost', leg, bridgeNumber, clean: false })
  }
}

const keyOf = ({ callId, bridgeNumber }: OpenSession): string => `${callId} ${bridgeNumber}`

/** One that is being let in may be of any bridge. */
const isOf = (session: OpenSession, bridge: HeldBridge): boolean =>
  session.callId === bridge.callId && (session.bridgeNumber ?? bridge.bridgeNumber) === bridge.bridgeNumber
