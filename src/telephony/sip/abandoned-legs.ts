import type { Logger } from 'pino'
import type { AbandonedLeg, LegRegister } from '../../calls/ports.ts'
import { within } from '../../within.ts'
import type { Srf } from './drachtio.ts'
import type { MediaServers } from './media-servers.ts'
import type { LegCalls } from './sip-ports.ts'

/** drachtio-server answers in a millisecond whether it could send. */
const BYE_MS = 4_000

/**
 * Ends the legs of processes that are gone, as far as anything is left of them. FreeSWITCH drops its half by itself when
 * the process's sockets close; drachtio-server keeps the dialog, and takes a BYE in it from any application.
 */
export async function endAbandonedLegs(options: {
  srf: Srf
  servers: MediaServers
  register: LegRegister
  calls: LegCalls
  log: Logger
}): Promise<void> {
  const legs = await options.register.takeAbandoned()
  await Promise.all(legs.map((leg) => endLeg(leg, options)))
}

async function endLeg(
  { callId, providerCallId, dialogId, mediaServer, channel }: AbandonedLeg,
  { srf, servers, calls, log }: { srf: Srf; servers: MediaServers; calls: LegCalls; log: Logger },
): Promise<void> {
  await calls.tell(providerCallId, { type: 'leg.ended', status: 'holder-lost' })
  const [saidBye, killed] = await Promise.allSettled([
    dialogId === null ? null : sayBye(srf, dialogId),
    servers.kill(mediaServer, channel),
  ])
  log.warn({ callId, bye: saidBye.status, media: killed.status }, 'a leg whose process is gone was ended')
}

/** Whether the caller answers it, nobody is told: drachtio-server sends the answer to the one who is gone. */
export async function sayBye(srf: Srf, stackDialogId: string): Promise<void> {
  const headers = { Reason: 'Q.850;cause=41' }
  // The address is drachtio-server's to fill in: it knows the dialog.
  const sent = srf.request('sip:placeholder', { method: 'BYE', headers, stackDialogId })
  await within(BYE_MS, sent, 'drachtio-server did not take the BYE')
}
