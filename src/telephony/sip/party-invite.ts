import { setTimeout as pause } from 'node:timers/promises'
import type { TransferFailure } from '../../../machines/call-events.ts'
import type { SipDialog, SipHeaders, SipRequest, SipResponse, Srf } from './drachtio.ts'
import type { InviteNames } from './sip-ports.ts'

/* An INVITE of ours: somebody is called with the media that a leg has. */

/** Nobody waits for the answer any more. */
export class GivenUp extends Error {
  override readonly name = 'GivenUp'
}

/** What a refusal would be in SIP's terms. */
export class SipFailure extends Error {
  override readonly name = 'SipFailure'
  readonly status: number

  constructor(message: string, { status, cause }: { status: number; cause?: unknown }) {
    super(message, { cause })
    this.status = status
  }
}

export type PartyInvite = {
  uri: string
  headers: SipHeaders
  localSdp: string
  /** Cancels the INVITE; a party that answers at that very moment is hung up on. */
  signal: AbortSignal
  /** drachtio-server's names for it, as they become known. */
  onNamed: (names: InviteNames) => void
  /** A BYE is owed to this dialog's other party. */
  onUnsaidBye: (dialog: SipDialog) => void
}

/**
 * Resolves with the dialog, in which re-INVITEs are put off until whoever listens to it takes them. Rejects with the `status` of a
 * refusal, and with the signal's reason as soon as it is aborted.
 */
export function inviteParty(
  srf: Srf,
  { uri, headers, localSdp, signal, onNamed, onUnsaidBye }: PartyInvite,
): Promise<SipDialog> {
  const { promise, resolve, reject } = Promise.withResolvers<SipDialog>()
  let sent: SipRequest | null = null
  const giveUp = () => {
    if (sent) void cancel(srf, sent.stackTxnId)
    reject(signal.reason)
  }
  const cbRequest = (_error: unknown, request?: SipRequest) => {
    if (!request) return
    sent = request
    if (signal.aborted) giveUp()
    else onNamed({ transactionId: request.stackTxnId, dialogId: null })
  }
  const cbProvisional = ({ stackTxnId, stackDialogId }: SipResponse) =>
    onNamed({ transactionId: stackTxnId, dialogId: stackDialogId ?? null })
  const onFinal = (error: unknown, dialog?: SipDialog) => {
    signal.removeEventListener('abort', giveUp)
    if (!dialog) return reject(error)
    dialog.on('modify', notYet)
    if (signal.aborted) void hangUp(dialog, onUnsaidBye)
    else resolve(dialog)
  }
  if (signal.aborted) giveUp()
  else {
    signal.addEventListener('abort', giveUp, { once: true })
    void srf.createUAC(uri, { headers, localSdp }, { cbRequest, cbProvisional }, onFinal)
  }
  return promise
}

/** Tried again after a moment (RFC 3261 §14.1), when there is somebody who can follow it. */
export const notYet = (_req: SipRequest, res: SipResponse): void => res.send(491)

/** drachtio-server may have ended by itself what was cancelled as it was answered. */
export async function hangUp(dialog: SipDialog, onUnsaidBye: (dialog: SipDialog) => void): Promise<void> {
  if (!dialog.connected) return
  await dialog.destroy().catch(({ code }: { code?: string }) => {
    if (code !== 'ENODIALOG') onUnsaidBye(dialog)
  })
}

/** Longer than it takes drachtio-server to have a party's answer that crossed the CANCEL. */
const CROSSING_MS = 1_000

/**
 * Withdraws an INVITE that the process which sent it does not know any more: a party that rings is left in peace, and one that has
 * answered, whom nobody has acknowledged, is hung up on.
 */
export async function withdrawInvite(srf: Srf, { transactionId, dialogId }: InviteNames): Promise<void> {
  await cancel(srf, transactionId)
  if (dialogId === null) return
  await pause(CROSSING_MS, null, { ref: false })
  // There is no such dialog where the party had not answered.
  await srf.request('sip:placeholder', { method: 'BYE', stackDialogId: dialogId }).catch(() => {})
}

/** drachtio-server knows the INVITE no more where it has been answered. */
async function cancel(srf: Srf, transactionId: string): Promise<void> {
  await srf.request('sip:placeholder', { method: 'CANCEL', stackTxnId: transactionId }).catch(() => {})
}

const FAILURES: Readonly<Record<number, TransferFailure>> = {
  403: 'declined',
  404: 'unknown_number',
  408: 'no_answer',
  410: 'unknown_number',
  415: 'no_common_media',
  480: 'no_answer',
  484: 'unknown_number',
  486: 'busy',
  487: 'no_answer',
  488: 'no_common_media',
  600: 'busy',
  603: 'declined',
  604: 'unknown_number',
  606: 'no_common_media',
}

/** Why a party does not get the call, by the status of its answer (RFC 3261 §21). */
export const failureOf = (status: number): TransferFailure => FAILURES[status] ?? 'unreachable'
