import DrachtioSrf from 'drachtio-srf'
import type { Logger } from 'pino'
import type { InviteAuthorizer } from './admission.ts'
import type { SipDialog, SipHeaders, SipRequest, SipResponse, Srf } from './drachtio.ts'
import type { SipLeg } from './sip-leg.ts'

/*
 * REFER (RFC 3515): the other end wants somebody else to have the call. We call them with the media that the leg has, so
 * the agent goes on talking, to the new party. It costs whoever pays the trunk: so a trunk alone may ask, on one of its own
 * calls, for a number that the operator has listed, at an address of a trunk; of what it writes, no more is taken over.
 */

export type TransferRules = {
  authorizer: InviteAuthorizer
  /** To whom a trunk may have calls put through; null means nobody. */
  transferNumbers: readonly string[] | null
  canonical: (spelling: string, country: null) => string
}

type Target = { uri: string; headers: SipHeaders }

export async function transfer(
  leg: SipLeg,
  req: SipRequest,
  res: SipResponse,
  { srf, log, ...rules }: TransferRules & { srf: Srf; log: Logger },
): Promise<void> {
  const { authorizer } = rules
  if (!authorizer.isFromTrunk(leg.dialog.req) || !authorizer.isFromTrunk(req)) return res.send(403)
  const wanted = wantedIn(req)
  if (!wanted) return res.send(400)
  const target = targetOf(wanted, rules)
  log.warn({ callId: leg.callId, transferred: target !== null }, 'a trunk wants a call to be put through')
  if (!target) return res.send(403)
  const { media } = leg
  if (media.encryption !== 'none' && !wanted.isOverTls) return res.send(488, { headers: KEYS_IN_THE_CLEAR })
  res.send(202)
  const previous = leg.dialog
  const notify = (line: string, state: string) =>
    previous
      .request({
        method: 'NOTIFY',
        headers: { Event: 'refer', 'Subscription-State': state, 'Content-Type': 'message/sipfrag' },
        body: line,
      })
      .catch(() => {})
  let dialog: SipDialog | null = null
  try {
    await notify('SIP/2.0 100 Trying', 'active;expires=60')
    dialog = await srf.createUAC(target.uri, {
      localSdp: media.sdp,
      headers: { ...target.headers, 'Referred-By': `<${previous.remote.uri}>` },
    })
    dialog.on('modify', notYet)
    await media.modify(dialog.remote.sdp)
    dialog.off('modify', notYet)
    leg.moveTo(dialog)
    if (!dialog.connected) await leg.end('completed')
    await notify('SIP/2.0 200 OK', 'terminated;reason=noresource')
    await previous.destroy().catch(() => {})
  } catch (error) {
    const { status = 500 } = error as { status?: number }
    log.warn({ err: error }, 'a call could not be put through; it goes on as it was')
    await dialog?.destroy().catch(() => {})
    await notify(`SIP/2.0 ${status} Failed`, 'terminated;reason=noresource')
  }
}

/** Tried again after a moment (RFC 3261 §14.1), when there is somebody who can follow it. */
const notYet = (_req: SipRequest, res: SipResponse): void => res.send(491)

/** The new INVITE would carry the call's key. */
const KEYS_IN_THE_CLEAR = { Warning: '302 precall "The audio is encrypted: refer to an address over TLS"' }

type Wanted = { user: string; host: string; port: number; isOverTls: boolean; replaces: string | null }

/** Of Refer-To, who is wanted and where; of the headers that it may bring for the new INVITE, Replaces (RFC 3891) alone. */
function wantedIn(req: SipRequest): Wanted | null {
  const uri = /<?(sips?:[^>]+)>?/.exec(req.get('refer-to') ?? '')?.[1]
  const [address = '', query = ''] = uri?.split('?', 2) ?? []
  const { user, host, port } = DrachtioSrf.parseUri(address) ?? {}
  if (!user || !host) return null
  const replaces = new URLSearchParams(query).get('Replaces')
  // Decoded, it could end the header and begin another one.
  if (replaces !== null && !/^[\x20-\x7e]{1,255}$/.test(replaces)) return null
  const isOverTls = /^sips:|;transport=tls\b/i.test(address)
  return { user, host, port: Number(port) || (isOverTls ? 5061 : 5060), isOverTls, replaces }
}

/** The same as an address of our own making; null for whom no trunk may have called. */
function targetOf({ user, host, port, isOverTls, replaces }: Wanted, rules: TransferRules): Target | null {
  const number = rules.canonical(user, null)
  if (!rules.transferNumbers?.includes(number) || !rules.authorizer.isTrunk(host)) return null
  const transport = isOverTls ? ';transport=tls' : ''
  return { uri: `sip:${number}@${host}:${port}${transport}`, headers: replaces ? { Replaces: replaces } : {} }
}
