import type { CallState } from '../../machines/instructions.ts'
import type { AnyEvent } from '../../src/model/call-model.ts'
import { askFreeSwitch, type EventSocketAddress } from '../../src/telephony/sip/event-socket.ts'
import { ForkGate } from '../support/fork-gate.ts'
import type { ScriptedWorld } from '../support/scripted-world.ts'
import type { ServiceProcess } from '../support/service-process.ts'
import { type SipServers, sipServers, untilSipIs } from '../support/sip-servers.ts'
import type { PlayedCarrier } from './carriers.ts'
import type { DrivenCall, LegDriver } from './leg-driver.ts'
import { SipDriver } from './sip-driver.ts'

/** To whom calls may be put through. */
export const COLLEAGUE = '+15550142999'

/**
 * A drachtio-server, a FreeSWITCH and phones, real or simulated, and between FreeSWITCH and the node a gate: so nothing
 * of what FreeSWITCH does by itself comes before a path wants it.
 */
export class SipCarrier implements PlayedCarrier {
  readonly gate: ForkGate
  readonly #world: ScriptedWorld
  readonly #servers: SipServers

  private constructor(world: ScriptedWorld, gate: ForkGate, servers: SipServers) {
    this.#world = world
    this.gate = gate
    this.#servers = servers
  }

  static async begin(world: ScriptedWorld): Promise<SipCarrier> {
    return new SipCarrier(world, await ForkGate.open(), await sipServers({ timeScale: 1 }))
  }

  /**
   * A SIP leg follows its call: it asks for what comes next only where it has played something to its end, and says that
   * it ended only because its caller hung up. Whoever is turned away gets a 503, and with it the call is over.
   */
  static canHear({ state, bridge, context }: CallState, event: AnyEvent): boolean {
    if (bridge === 'backingOff' && event.type.startsWith('agent.')) return false
    if (state === 'rejected') return event.type === 'leg.ended' && event.status === 'failed'
    switch (event.type) {
      case 'leg.instructionsRequested':
        return (state === 'greeting' || state === 'hold') && event.leaves === undefined
      case 'leg.streamEnded':
        return state !== 'closing' || context.endReason === 'agent_ended'
      case 'leg.ended':
        return event.status === 'completed'
      // Who is being hung up asks for nothing more.
      case 'transfer.refused':
        return state !== 'closing'
      case 'relay.unresponsive':
      case 'agent.overrideRefused':
        return false
      default:
        return true
    }
  }

  get settings(): Record<string, string> {
    return {
      ...this.#servers.settings,
      SIP_TRANSFER_NUMBERS: COLLEAGUE,
      SIP_MEDIA_STREAM_URL: this.gate.origin.replace(/^http/, 'ws'),
    }
  }

  get drive(): (call: DrivenCall) => LegDriver {
    return (call) => new SipDriver(this, call)
  }

  async join(node: ServiceProcess): Promise<void> {
    this.gate.target = node.origin
    await untilSipIs(node)
  }

  async stop(): Promise<void> {
    await this.#servers.stop()
    await this.gate.close()
  }

  get phone() {
    return this.#servers.phone
  }

  /** Our name for a call that was answered, and FreeSWITCH's for its channel. */
  async legOf(providerCallId: string): Promise<{ callId: string; channel: string }> {
    const [leg] = await this.#world.db.query<{ callId: string; channel: string }>(
      `select c.id as "callId", l.channel from call_log c join sip_leg l on l.call_id = c.id
       where c.provider_call_id = $1`,
      [providerCallId],
    )
    if (!leg) throw new Error(`No leg has the Call-ID ${providerCallId}.`)
    return leg
  }

  /** Asks FreeSWITCH, as an operator would. */
  async ask(command: string): Promise<string> {
    const { answers } = await askFreeSwitch(this.#freeSwitch, [command])
    return answers[0] ?? ''
  }

  get #freeSwitch(): EventSocketAddress {
    const {
      FREESWITCH_HOST = '',
      FREESWITCH_PORT = '8021',
      FREESWITCH_SECRET = null,
    } = this.#servers.settings
    return { host: FREESWITCH_HOST, port: Number(FREESWITCH_PORT), secret: FREESWITCH_SECRET }
  }
}
