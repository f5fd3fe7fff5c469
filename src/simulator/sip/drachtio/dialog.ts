import { randomBytes } from 'node:crypto'
import { SipHeaders, type SipRequest, type SipResponse, tagOf, uriOf } from '../sip-message.ts'
import type { AppConnection } from './app-connection.ts'

/** A dialog that the server keeps for an app. */
export type Dialog = {
  /** The app's name for it. */
  id: string
  callId: string
  /** From and To of requests that we send in it, tags included. */
  local: string
  remote: string
  /** The request URI, and the URI of whoever it is sent to: behind NAT these differ. */
  target: string
  route: string
  contact: string
  cseq: number
  app: AppConnection
  /** The app cancelled what has been answered all the same: it is to be ended as soon as the app acknowledges it. */
  endsOnAck: boolean
}

export function newTag(): string {
  return randomBytes(6).toString('hex')
}

/** The dialog of an INVITE that came in, answered by `response`. */
export function answeredDialog(
  request: SipRequest,
  response: SipResponse,
  { source, app, contact }: { source: string; app: AppConnection; contact: string },
): Dialog {
  const callId = request.headers.get('Call-ID')
  return {
    id: `${callId};from-tag=${tagOf(request.headers.get('From'))}`,
    callId,
    local: response.headers.get('To'),
    remote: request.headers.get('From'),
    target: uriOf(request.headers.get('Contact')),
    // Where the Contact is not where the request came from there is a NAT, and only the latter can be reached.
    route: `sip:${source}`,
    contact,
    cseq: 0,
    app,
    endsOnAck: false,
  }
}

/** The dialog of an INVITE that the app sends; it has no remote tag before it is answered. */
export function offeredDialog(request: SipRequest, { app }: { app: AppConnection }): Dialog {
  const callId = request.headers.get('Call-ID')
  return {
    id: `${callId};from-tag=${tagOf(request.headers.get('From'))}`,
    callId,
    local: request.headers.get('From'),
    remote: request.headers.get('To'),
    target: request.uri,
    route: request.uri,
    contact: request.headers.get('Contact'),
    cseq: Number.parseInt(request.headers.get('CSeq'), 10),
    app,
    endsOnAck: false,
  }
}

/** A request in the dialog; an ACK repeats the number of what it acknowledges. */
export function requestInDialog(
  dialog: Dialog,
  {
    method,
    uri,
    extra,
    body,
    from,
  }: {
    method: string
    uri: string
    extra: Record<string, string>
    body: string
    from: string
  },
): SipRequest {
  if (method !== 'ACK') dialog.cseq++
  const headers = SipHeaders.of({
    Via: `SIP/2.0/UDP ${from};branch=z9hG4bK${newTag()};rport`,
    'Max-Forwards': 70,
    From: dialog.local,
    To: dialog.remote,
    'Call-ID': dialog.callId,
    CSeq: `${dialog.cseq} ${method}`,
    ...(/^(INVITE|SUBSCRIBE|REFER)$/.test(method) && { Contact: dialog.contact }),
  })
  for (const [name, value] of Object.entries(extra)) headers.set(name, value)
  if (body.startsWith('v=0') && !headers.has('Content-Type')) headers.add('Content-Type', 'application/sdp')
  return { method, uri: /placeholder/.test(uri) || method === 'ACK' ? dialog.target : uri, headers, body }
}
