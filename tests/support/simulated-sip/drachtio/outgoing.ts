import { randomUUID } from 'node:crypto'
import { addressOf, type SipRequest, type SipResponse, uriOf, writeSip } from '../sip-message.ts'
import type { Respond, SipNetwork } from '../sip-network.ts'
import { type AppConnection, metaTokens, tellOf } from './app-connection.ts'
import { appFields, followUp, newRequest, requestInDialog } from './composed-requests.ts'
import { type Dialog, type Dialogs, offeredDialog } from './dialogs.ts'

/** An INVITE that has had no final response. */
type OpenInvite = { request: SipRequest; dialog: Dialog; isCancelled: boolean }

/** Names an app's message: who asked, and by what id it waits for the reply. */
export type Asked = { app: AppConnection; messageId: string }

/** What the apps send into the network, and what is answered to it. */
export class Outgoing {
  readonly #address: string
  readonly #network: SipNetwork
  readonly #dialogs: Dialogs
  readonly #invites = new Map<string, OpenInvite>()

  constructor(options: { address: string; network: SipNetwork; dialogs: Dialogs }) {
    this.#address = options.address
    this.#network = options.network
    this.#dialogs = options.dialogs
  }

  /** Sends a request outside of a dialog, to a proxy if one is given. */
  send(asked: Asked, wanted: SipRequest, proxy: string): void {
    const request = newRequest(wanted, this.#address)
    if (addressOf(request.uri) === this.#address && !proxy) {
      asked.app.reply(asked.messageId, 'NOK', 'can not send request to myself')
      return
    }
    const transactionId = randomUUID()
    const dialog = request.method === 'INVITE' ? offeredDialog(request, asked.app) : null
    if (dialog) this.#invites.set(transactionId, { request, dialog, isCancelled: false })
    this.#confirm(asked, request, transactionId)
    const uri = proxy || request.uri
    this.#transmit(request, uri, (response) => {
      if (dialog) this.#invited(transactionId, response)
      tellOf(asked.app, response, { address: addressOf(uri), tokens: [transactionId, dialog?.id ?? ''] })
    })
  }

  sendInDialog(asked: Asked, wanted: SipRequest, dialogId: string): void {
    const { app, messageId } = asked
    const dialog = this.#dialogs.get(dialogId)
    if (!dialog) {
      app.reply(messageId, 'NOK', `Server error: ${NO_DIALOG[wanted.method] ?? NO_DIALOG.OTHERS}`)
      return
    }
    const { method, uri, body, headers } = wanted
    const request = requestInDialog(dialog, { method, uri, fields: appFields(headers), body }, this.#address)
    const transactionId = randomUUID()
    this.#confirm(asked, request, transactionId)
    this.#transmit(request, dialog.route, (response) => {
      if (method === 'BYE') this.#dialogs.remove(dialog)
      tellOf(app, response, { address: addressOf(dialog.route), tokens: [transactionId, dialogId] })
    })
    if (method === 'ACK' && dialog.endsOnAck) this.end(dialog, 'ACK-BYE due to cancel race condition')
  }

  cancel(asked: Asked, transactionId: string): void {
    const invite = this.#invites.get(transactionId)
    if (!invite) {
      asked.app.reply(asked.messageId, 'NOK', `unable to cancel unknown transaction id: ${transactionId}`)
      return
    }
    invite.isCancelled = true
    const cancel = followUp('CANCEL', invite.request)
    this.#confirm(asked, cancel, randomUUID())
    // The 200 to a CANCEL stays with the stack.
    this.#transmit(cancel, cancel.uri, () => {})
  }

  /** Ends a dialog towards the network, and tells the app as if the BYE had come from there. */
  end(dialog: Dialog, text: string): void {
    this.#dialogs.remove(dialog)
    const fields = { Reason: `SIP ;cause=200 ;text="${text}"` }
    const bye = requestInDialog(dialog, { method: 'BYE', fields }, this.#address)
    this.#transmit(bye, dialog.route, () => {})
    const address = addressOf(dialog.route)
    tellOf(dialog.app, bye, { source: 'application', address, tokens: ['unsolicited', dialog.id] })
  }

  /** What a response means for the dialog that an INVITE may found. */
  #invited(transactionId: string, response: SipResponse): void {
    const invite = this.#invites.get(transactionId)
    if (!invite || response.status < 200) return
    this.#invites.delete(transactionId)
    const { request, dialog, isCancelled } = invite
    if (response.status >= 300) {
      // What is refused is acknowledged by the stack; apps are not asked.
      this.#transmit(followUp('ACK', request, response), request.uri, () => {})
      return
    }
    dialog.remote = response.headers.get('To')
    dialog.target = uriOf(response.headers.get('Contact')) || dialog.target
    dialog.route = dialog.target
    dialog.endsOnAck = isCancelled
    this.#dialogs.add(dialog)
  }

  /** A 100 stays with the stack. */
  #transmit(request: SipRequest, uri: string, respond: Respond): void {
    this.#network.send(request, {
      uri,
      from: this.#address,
      respond: (response) => {
        if (response.status > 100) respond(response)
      },
    })
  }

  /** Tells the app what was sent, and by what name its responses will come. */
  #confirm({ app, messageId }: Asked, request: SipRequest, transactionId: string): void {
    const sip = writeSip(request)
    const meta = metaTokens({ source: 'application', address: this.#address, sip })
    app.reply(messageId, 'OK', `${meta}|${transactionId}|Msg sent:|\r\n${sip}`)
  }
}

const NO_DIALOG: Readonly<Record<string, string>> = {
  ACK: 'ACK for non-success final response is automatically generated by server',
  OTHERS: 'unable to find dialog for dialog id provided',
}
