import type { CanHear } from '../../src/model/call-paths.ts'
import type { CarrierName } from '../../src/model/model-options.ts'
import type { ScriptedWorld } from '../support/scripted-world.ts'
import type { ServiceProcess } from '../support/service-process.ts'
import { REAL_SERVERS } from '../support/sip-servers.ts'
import type { LegDriverFactory } from './leg-driver.ts'
import { SipCarrier } from './sip-carrier.ts'
import { twilioCarrier } from './twilio-driver.ts'

/** A carrier that paths can be played over. */
export interface PlayedCarrier {
  readonly drive: LegDriverFactory
  /** The settings with which a node takes this carrier's calls. */
  readonly settings: Record<string, string>
  /** Resolves when the node takes them. */
  join(node: ServiceProcess): Promise<void>
  stop(): Promise<void>
}

export type BeginCarrier = (world: ScriptedWorld) => Promise<PlayedCarrier>

type Carrier = {
  begin: BeginCarrier
  /** For the nodes that take no calls, where they need another one; without it they are called by the same. */
  beginForRefusals?: BeginCarrier
  /** What its calls can hear: what they cannot, no path has. */
  canHear: CanHear
}

/** Of real SIP servers there is but one, which must not send calls to a node that takes none. */
const simulatedSip = REAL_SERVERS ? { beginForRefusals: twilioCarrier } : {}

/** What other nodes say, and what a vendor refuses, is told in stories of their own. */
export const ELSEWHERE = [
  'conversation.refusesVoice',
  'leg.hearsNothing',
  'relay.unresponsive',
  'agent.overrideRefused',
]

/** An agent that was lost says nothing more. */
const isOfNobody = (bridge: string | null, type: string) =>
  bridge === 'backingOff' && type.startsWith('agent.')

/** A leg leaves a bridge only where there has been one, and Twilio has no REFER. */
const canHearOverTwilio: CanHear = ({ bridge }, event) =>
  !ELSEWHERE.includes(event.type) &&
  !event.type.startsWith('transfer.') &&
  !isOfNobody(bridge, event.type) &&
  !(event.type === 'leg.instructionsRequested' && event.leaves === 0)

/** Every carrier, by the name that the service knows it by. */
export const CARRIERS: Record<CarrierName, Carrier> = {
  twilio: { begin: twilioCarrier, canHear: canHearOverTwilio },
  sip: { begin: SipCarrier.begin, canHear: SipCarrier.canHear, ...simulatedSip },
}
