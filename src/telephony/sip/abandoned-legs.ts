import { once } from 'node:events'
import type { Logger } from 'pino'
import type { Srf } from './drachtio.ts'
import type { MediaServers } from './media-servers.ts'
import type { HeldLeg, LegRegister } from './sip-ports.ts'
import { within } from './within.ts'

/** As long as a phone may take to answer a BYE (RFC 3261, timer F, is 32 s; nobody waits for the rest). */
const BYE_MS = 4_000

/**
 * Ends the legs of processes that are gone, as far as anything is left of them. FreeSWITCH drops its half by itself when
 * the process's sockets close; drachtio-server keeps the dialog, and takes a BYE in it from any process of ours.
 */
export async function endAbandonedLegs(options: {
  srf: Srf
  servers: MediaServers
  register: LegRegister
  log: Logger
}): Promise<void> {
  const legs = await options.register.takeAbandoned()
  await Promise.all(legs.map((leg) => endLeg(leg, options)))
}

async function endLeg(
  { callId, dialogId, mediaServer, channel }: HeldLeg,
  { srf, servers, log }: { srf: Srf; servers: MediaServers; log: Logger },
): Promise<void> {
  const [saidBye, killed] = await Promise.allSettled([
    dialogId === null ? null : sayBye(srf, dialogId),
    servers.kill(mediaServer, channel),
  ])
  log.warn({ callId, bye: saidBye.status, media: killed.status }, 'a leg whose process is gone was ended')
}

async function sayBye(srf: Srf, stackDialogId: string): Promise<void> {
  const headers = { Reason: 'Q.850;cause=41' }
  // The address is drachtio-server's to fill in: it knows the dialog.
  const bye = await srf.request('sip:placeholder', { method: 'BYE', headers, stackDialogId })
  await within(BYE_MS, once(bye, 'response'), 'the caller did not answer the BYE')
}
