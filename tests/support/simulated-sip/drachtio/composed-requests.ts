import { randomUUID } from 'node:crypto'
import { numberOf, SipHeaders, type SipRequest, type SipResponse, tagOf } from '../sip-message.ts'
import { newTag } from '../tags.ts'
import type { Dialog } from './dialogs.ts'

/*
 * Requests as drachtio-server makes them of what an app asks for. Source: src/sip-dialog-controller.cpp.
 */

/** What the server writes itself, whatever the app says. */
const OWN_FIELDS = new Set(['via', 'from', 'to', 'call-id', 'cseq', 'max-forwards', 'content-length'])

/** The fields of an app's message that are sent as they are. */
export function appFields(headers: SipHeaders): Record<string, string> {
  return Object.fromEntries(headers.fields.filter(([name]) => !OWN_FIELDS.has(name.toLowerCase())))
}

/** A request outside of a dialog: what the app left to the server is added, and "localhost" is the server's address. */
export function newRequest({ method, uri, headers, body }: SipRequest, address: string): SipRequest {
  const contact = `<sip:${address}>`
  const from = (headers.get('From') || contact).replace('localhost', address)
  const fields = SipHeaders.of({
    Via: viaOf(address),
    'Max-Forwards': 70,
    From: tagOf(from) ? from : `${from};tag=${newTag()}`,
    To: headers.get('To') || `<${uri}>`,
    'Call-ID': headers.get('Call-ID') || randomUUID(),
    CSeq: headers.get('CSeq') || `1 ${method}`,
    ...(/^(INVITE|SUBSCRIBE)$/.test(method) && { Contact: contact }),
  })
  for (const [name, value] of Object.entries(appFields(headers)))
    fields.set(name, value.replace('localhost', address))
  return typed({ method, uri, headers: fields, body })
}

/** A request in a dialog; an ACK repeats the number of what it acknowledges. */
export function requestInDialog(
  dialog: Dialog,
  asked: { method: string; uri?: string; fields: Record<string, string>; body?: string },
  address: string,
): SipRequest {
  const { method, uri = '', fields, body = '' } = asked
  if (method !== 'ACK') dialog.cseq++
  const headers = SipHeaders.of({
    Via: viaOf(address),
    'Max-Forwards': 70,
    From: dialog.local,
    To: dialog.remote,
    'Call-ID': dialog.callId,
    CSeq: `${dialog.cseq} ${method}`,
    ...(/^(INVITE|SUBSCRIBE|REFER)$/.test(method) && { Contact: dialog.contact }),
  })
  for (const [name, value] of Object.entries(fields)) headers.set(name, value)
  // The library writes a placeholder where it leaves the address to us.
  const isOurs = method === 'ACK' || !uri || uri.includes('placeholder')
  return typed({ method, uri: isOurs ? dialog.target : uri, headers, body })
}

/** The CANCEL of an INVITE, or the ACK of what refused it: both belong to its transaction. */
export function followUp(method: 'CANCEL' | 'ACK', invite: SipRequest, refusal?: SipResponse): SipRequest {
  const { uri, headers } = invite
  const fields = SipHeaders.of({
    Via: headers.get('Via'),
    From: headers.get('From'),
    To: (refusal ?? invite).headers.get('To'),
    'Call-ID': headers.get('Call-ID'),
    CSeq: `${numberOf(invite)} ${method}`,
  })
  return { method, uri, headers: fields, body: '' }
}

function viaOf(address: string): string {
  return `SIP/2.0/UDP ${address};branch=z9hG4bK${newTag()};rport`
}

function typed(request: SipRequest): SipRequest {
  const { headers, body } = request
  if (body.startsWith('v=0') && !headers.has('Content-Type')) headers.add('Content-Type', 'application/sdp')
  return request
}
