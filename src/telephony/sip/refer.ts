import DrachtioSrf from 'drachtio-srf'
import type { Logger } from 'pino'
import type { Doorkeeper } from './admission.ts'
import type { SipHeaders, SipRequest, SipResponse, Srf } from './drachtio.ts'
import type { SipLeg } from './sip-leg.ts'

/*
 * REFER (RFC 3515): the other end wants somebody else to have the call. We call them with the media that the leg has, so
 * the agent goes on talking, to the new party. Only a trunk may be called so: else anybody could dial the world through us.
 */

type Target = { uri: string; headers: SipHeaders }

export async function transfer(
  leg: SipLeg,
  req: SipRequest,
  res: SipResponse,
  { srf, doorkeeper, log }: { srf: Srf; doorkeeper: Doorkeeper; log: Logger },
): Promise<void> {
  const target = targetOf(req)
  if (!target) return res.send(400)
  if (!isKnown(target.uri, doorkeeper)) return res.send(403)
  res.send(202)
  const { media } = leg
  const previous = leg.dialog
  const notify = (line: string, state: string) =>
    previous
      .request({
        method: 'NOTIFY',
        headers: { Event: 'refer', 'Subscription-State': state, 'Content-Type': 'message/sipfrag' },
        body: line,
      })
      .catch(() => {})
  try {
    await notify('SIP/2.0 100 Trying', 'active;expires=60')
    const dialog = await srf.createUAC(target.uri, {
      localSdp: media.sdp,
      headers: { ...target.headers, 'Referred-By': `<${previous.remote.uri}>` },
    })
    await media.modify(dialog.remote.sdp)
    leg.moveTo(dialog)
    await notify('SIP/2.0 200 OK', 'terminated;reason=noresource')
    await previous.destroy().catch(() => {})
  } catch (error) {
    const { status = 500 } = error as { status?: number }
    log.warn({ err: error }, 'a call could not be put through; it goes on as it was')
    await notify(`SIP/2.0 ${status} Failed`, 'terminated;reason=noresource')
  }
}

/** Refer-To may bring headers for the new INVITE; of those only Replaces (RFC 3891) is taken. */
function targetOf(req: SipRequest): Target | null {
  const uri = /<?(sips?:[^>]+)>?/.exec(req.get('refer-to') ?? '')?.[1]
  if (!uri) return null
  const [address = '', query = ''] = uri.split('?', 2)
  const replaces = new URLSearchParams(query).get('Replaces')
  return { uri: address, headers: replaces ? { Replaces: replaces } : {} }
}

function isKnown(uri: string, doorkeeper: Doorkeeper): boolean {
  const host = DrachtioSrf.parseUri(uri)?.host
  return host !== undefined && doorkeeper.isTrunk(host)
}
