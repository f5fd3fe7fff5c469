import type { LegEndStatus } from '../../../machines/call-events.ts'
import { withTimeout } from '../../runtime/with-timeout.ts'
import type { SipDialog, SipHeaders, Srf } from './drachtio.ts'

/** drachtio-server answers in a millisecond whether it could send, and a phone soon. */
const BYE_MS = 4_000
const REASON = { Reason: 'Q.850;cause=41' }
/** Far above the number of any request that was sent in the dialog before, which is not known any more. */
const LAST_CSEQ = 1_000_000

/** Hangs up in a dialog of ours. Rejects when the BYE cannot be sent, or is not answered: whoever does not answer is gone. */
export async function endDialog(dialog: SipDialog, status: LegEndStatus): Promise<void> {
  if (!dialog.connected) return
  const headers = { Reason: `Q.850;cause=${status === 'completed' ? 16 : 41}` }
  await withTimeout(BYE_MS, dialog.destroy({ headers }), 'the other party did not answer the BYE')
}

/**
 * Ends a dialog that drachtio-server keeps, whichever application began it. Whether the caller answers, nobody is told: the
 * answer goes to the one who began it.
 */
export async function sayBye(srf: Srf, stackDialogId: string): Promise<void> {
  // The address is drachtio-server's to fill in: it knows the dialog.
  const sent = srf.request('sip:placeholder', { method: 'BYE', headers: REASON, stackDialogId })
  await withTimeout(BYE_MS, sent, 'drachtio-server did not take the BYE')
}

/**
 * The same for one of ours, which drachtio-server may have lost: started anew it knows no dialog, but it sends what it is given,
 * and a BYE outside of any dialog that names one is as good to the phone.
 */
export async function sayByeIn(srf: Srf, dialog: SipDialog): Promise<void> {
  try {
    await sayBye(srf, dialog.id)
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENODIALOG') throw error
    const headers = { ...REASON, ...namesOf(dialog), CSeq: `${LAST_CSEQ} BYE` }
    const sent = srf.request(dialog.remote.uri, { method: 'BYE', headers, ...wayTo(dialog) })
    await withTimeout(BYE_MS, sent, 'drachtio-server did not take the BYE')
  }
}

function namesOf({ type, req, sip }: SipDialog): SipHeaders {
  const [from, to] = [req.get('from') ?? '', req.get('to') ?? ''].map((party) =>
    party.replace(/;\s*tag=[^;]*/i, ''),
  )
  const [local, remote] = type === 'uas' ? [to, from] : [from, to]
  return {
    'Call-ID': sip.callId,
    From: `${local};tag=${sip.localTag}`,
    To: `${remote};tag=${sip.remoteTag}`,
  }
}

/** A phone behind a NAT is only reached where its call came from. */
function wayTo({ type, req }: SipDialog): { proxy?: string } {
  if (type !== 'uas') return {}
  const { source_address: address, source_port: port, protocol } = req
  const host = address.includes(':') ? `[${address}]` : address
  return { proxy: `sip:${host}:${port};transport=${protocol}` }
}

/** A BYE of drachtio-server's own gives a reason: the caller did not acknowledge, or no longer refreshes the session. */
export function endedBy(reason: string | undefined): LegEndStatus {
  if (reason === undefined || reason === 'normal release') return 'completed'
  return reason.includes('cancel race') ? 'canceled' : 'failed'
}
