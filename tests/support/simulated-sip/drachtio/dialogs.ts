import { type SipRequest, type SipResponse, tagOf, uriOf } from '../sip-message.ts'
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

/** The dialogs of a drachtio-server, those of lost apps too. */
export class Dialogs {
  readonly #byId = new Map<string, Dialog>()

  get count(): number {
    return this.#byId.size
  }

  add(dialog: Dialog): void {
    this.#byId.set(dialog.id, dialog)
  }

  get(id: string): Dialog | undefined {
    return this.#byId.get(id)
  }

  remove({ id }: Dialog): void {
    this.#byId.delete(id)
  }

  /** Whose request this is, by its Call-ID and both tags. */
  of({ headers }: SipRequest): Dialog | undefined {
    const [local, remote] = [tagOf(headers.get('To')), tagOf(headers.get('From'))]
    return this.#called(headers.get('Call-ID')).find(
      (each) => tagOf(each.local) === local && tagOf(each.remote) === remote,
    )
  }

  withCallId(callId: string): Dialog {
    const [dialog] = this.#called(callId)
    if (!dialog) throw new Error(`There is no dialog with the Call-ID ${callId}.`)
    return dialog
  }

  #called(callId: string): Dialog[] {
    return [...this.#byId.values()].filter((each) => each.callId === callId)
  }
}

/** The name that an app knows a dialog by: of an INVITE that came in or went out. */
export function dialogIdOf({ headers }: SipRequest): string {
  return `${headers.get('Call-ID')};from-tag=${tagOf(headers.get('From'))}`
}

/** The dialog of an INVITE that came in, answered by `response`. */
export function answeredDialog(
  request: SipRequest,
  response: SipResponse,
  { source, app, contact }: { source: string; app: AppConnection; contact: string },
): Dialog {
  const { headers } = request
  return {
    id: dialogIdOf(request),
    callId: headers.get('Call-ID'),
    local: response.headers.get('To'),
    remote: headers.get('From'),
    target: uriOf(headers.get('Contact')),
    // Where the Contact is not where the request came from there is a NAT, and only the latter can be reached.
    route: `sip:${source}`,
    contact,
    cseq: 0,
    app,
    endsOnAck: false,
  }
}

/** The dialog of an INVITE that the app sends; it has no remote tag before it is answered. */
export function offeredDialog(request: SipRequest, app: AppConnection): Dialog {
  const { headers, uri } = request
  return {
    id: dialogIdOf(request),
    callId: headers.get('Call-ID'),
    local: headers.get('From'),
    remote: headers.get('To'),
    target: uri,
    route: uri,
    contact: headers.get('Contact'),
    cseq: Number.parseInt(headers.get('CSeq'), 10),
    app,
    endsOnAck: false,
  }
}
