import type { Logger } from 'pino'
import { sayBye } from './bye.ts'
import type { Srf } from './drachtio.ts'
import type { FreeSwitchServers } from './free-switch-servers.ts'
import { withdrawInvite } from './party-invite.ts'
import type { AbandonedLeg, LegCalls, LegRegister } from './sip-ports.ts'

/**
 * Ends the legs of processes that are gone, as far as anything is left of them. FreeSWITCH drops its half by itself when
 * the process's sockets close; drachtio-server keeps the dialog, and takes a BYE in it from any application.
 */
export async function endAbandonedLegs(options: {
  srf: Srf
  servers: FreeSwitchServers
  register: LegRegister
  calls: LegCalls
  log: Logger
}): Promise<void> {
  const legs = await options.register.takeAbandoned()
  await Promise.all(legs.map((leg) => endLeg(leg, options)))
}

async function endLeg(
  { callId, legId, providerCallId, dialogId, mediaServer, channel, invite }: AbandonedLeg,
  { srf, servers, calls, log }: { srf: Srf; servers: FreeSwitchServers; calls: LegCalls; log: Logger },
): Promise<void> {
  const ended = { type: 'leg.ended', leg: legId, status: 'holder-lost' } as const
  void calls.report(providerCallId, ended, 'status:holder-lost')
  const [saidBye, killed] = await Promise.allSettled([
    dialogId === null ? null : sayBye(srf, dialogId),
    servers.kill(mediaServer, channel),
    invite && withdrawInvite(srf, invite),
  ])
  log.warn(
    { callId, legId, bye: saidBye.status, media: killed.status },
    'a leg whose process is gone was ended',
  )
}
