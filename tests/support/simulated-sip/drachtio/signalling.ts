import { isResponse, parseSip, type SipRequest } from '../sip-message.ts'
import type { Respond, SipNetwork, SipParty } from '../sip-network.ts'
import type { AppConnection, AppMessage } from './app-connection.ts'
import { Dialogs } from './dialogs.ts'
import { Incoming } from './incoming.ts'
import { Outgoing } from './outgoing.ts'

/**
 * The SIP side of a drachtio-server: transactions and dialogs between the network and the apps.
 * Source: drachtio-server, src/sip-dialog-controller.cpp, controller.cpp, client-controller.cpp.
 */
export class Signalling implements SipParty {
  readonly address: string
  readonly #dialogs = new Dialogs()
  readonly #incoming: Incoming
  readonly #outgoing: Outgoing

  constructor({
    address,
    network,
    selectApp,
    onCrash,
  }: {
    address: string
    network: SipNetwork
    /** The app whose turn it is to hear of a request with this method, in lower case. */
    selectApp: (verb: string) => AppConnection | null
    /** It has met what it dies of. */
    onCrash: () => void
  }) {
    this.address = address
    const dialogs = this.#dialogs
    this.#incoming = new Incoming({ address, dialogs, selectApp, onCrash })
    this.#outgoing = new Outgoing({ address, network, dialogs })
  }

  get dialogCount(): number {
    return this.#dialogs.count
  }

  receive(request: SipRequest, source: string, respond: Respond): void {
    this.#incoming.take(request, source, respond)
  }

  /** A `sip` message of an app: a response, or a request inside or outside of a dialog or transaction. */
  obey(app: AppConnection, { id: messageId, tokens, sip }: AppMessage): void {
    const [transactionId = '', dialogId = '', proxy = ''] = tokens
    const message = parseSip(sip)
    const asked = { app, messageId }
    if (isResponse(message)) this.#incoming.answer(app, messageId, transactionId, message)
    else if (dialogId) this.#outgoing.sendInDialog(asked, message, dialogId)
    else if (transactionId) this.#outgoing.cancel(asked, transactionId)
    else this.#outgoing.send(asked, message, proxy)
  }

  /** A `proxy` message of an app. */
  proxy(app: AppConnection, { id, tokens: [transactionId = ''] }: AppMessage): void {
    this.#incoming.proxy(app, id, transactionId)
  }

  /** Ends a call on the server's own account, as it does when an ACK or a session refresh does not come. */
  endDialog(callId: string, text: string): void {
    this.#outgoing.end(this.#dialogs.withCallId(callId), text)
  }
}
