import { setTimeout as sleep } from 'node:timers/promises'
import type { World } from '../../support/world.ts'
import type { CallFollower } from './call-follower.ts'
import { PLACES, type Place } from './plan.ts'
import type { RollingCall } from './rolling-call.ts'
import { SipRollingCall } from './sip-rolling-call.ts'
import { TwilioRollingCall } from './twilio-rolling-call.ts'

/** Where carrier and vendor hold a call, it is there in a moment; whoever is not there is counted as such. */
const THERE_WITHIN_MS = 4_000
/** As long as the service tries to have an agent back. */
const AGENT_RECOVERY_MS = 11_000
const SETTLED_WITHIN_MS = 400
/** Those who pass their place in a moment are sent there last. */
const PASSING_MS = 15

type Scene = { world: World; follower: CallFollower; calls: readonly RollingCall[] }

/**
 * Brings calls that talk to the places where carrier or vendor keep them, those that stay longest first, and notes who is
 * where. Resolves with what lets carrier and vendor go on.
 */
export async function bringToPlaces({ world, follower, calls }: Scene): Promise<() => void> {
  const { carrier, vendor } = world
  const at = (...places: Place[]) => calls.filter(({ plan }) => places.includes(plan.place))
  const channels = await follower.channels()
  const breakStreams = (those: RollingCall[]) => {
    for (const call of those) breakStream(call, channels)
  }

  vendor.withholdSignedUrls = true
  for (const call of at('failed')) call.loseAgent()
  await follower.until(
    () => at('failed').every(({ shown }) => shown === PLACES.reconnecting),
    THERE_WITHIN_MS,
  )
  for (const call of at('failed')) await follower.passTime(call, AGENT_RECOVERY_MS)

  carrier.faults.muteStreams = true
  breakStreams(at('joining'))
  await follower.until(() => areThere(at('joining', 'failed')), THERE_WITHIN_MS)
  carrier.faults.muteStreams = false

  breakStreams(at('connecting'))
  for (const call of at('reconnecting')) call.loseAgent()
  await follower.until(() => areThere(at('connecting', 'reconnecting')), THERE_WITHIN_MS)

  carrier.faults.noStatusCallbacks = true
  for (const call of at('closing')) sayGoodbye(call)
  for (const call of at('departing')) call.hangUp()
  await follower.until(() => areThere(at('closing', 'departing')), SETTLED_WITHIN_MS)
  // The first pause of an agent that was lost is half a second.
  for (const call of at('backingOff')) call.loseAgent()
  await follower.until(() => areThere(at('backingOff')), SETTLED_WITHIN_MS / 2)
  breakStreams(at('rejoining'))
  await sleep(PASSING_MS)
  await follower.look()
  for (const call of calls) Object.assign(call, { wasThere: isThere(call), chartThen: call.chart })
  return () => letGo(world, calls)
}

const isThere = ({ plan, shown }: RollingCall): boolean => shown === PLACES[plan.place]
const areThere = (calls: readonly RollingCall[]): boolean => calls.every(isThere)

function breakStream(call: RollingCall, channels: Map<string, string>): void {
  if (call instanceof TwilioRollingCall) call.dropStream()
  if (call instanceof SipRollingCall) call.dropStream(channels.get(call.callId ?? '') ?? '')
}

/** A phone that does not answer the BYE yet keeps its call closing. */
function sayGoodbye(call: RollingCall): void {
  if (call instanceof SipRollingCall) call.withholdBye(true)
  call.endByAgent()
}

function letGo({ carrier, vendor }: World, calls: readonly RollingCall[]): void {
  vendor.withholdSignedUrls = false
  carrier.faults.noStatusCallbacks = false
  for (const call of calls) if (call instanceof SipRollingCall) call.withholdBye(false)
}
