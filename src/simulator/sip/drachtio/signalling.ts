import { randomUUID } from 'node:crypto'
import {
  isResponse,
  parseSip,
  responseTo,
  SipHeaders,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  tagOf,
  uriOf,
  writeSip,
} from '../sip-message.ts'
import type { Respond, SipNetwork, SipParty } from '../sip-network.ts'
import { type AppConnection, type AppMessage, metaTokens } from './app-connection.ts'
import { answeredDialog, type Dialog, newTag, offeredDialog, requestInDialog } from './dialog.ts'

/** A request that came in and that an app is to answer. */
type ServerTransaction = {
  id: string
  request: SipRequest
  source: string
  respond: Respond
  app: AppConnection
  /** The dialog that it was sent in; a new INVITE's once it has been answered. */
  dialog: Dialog | null
  toTag: string
  hasProvisional: boolean
}

/** An INVITE that an app sent and that has had no final response. */
type ClientInvite = { request: SipRequest; dialog: Dialog; isCancelled: boolean }

/** What the server writes itself, whatever the app says. */
const OWN_FIELDS = new Set(['via', 'from', 'to', 'call-id', 'cseq', 'max-forwards', 'content-length'])

/**
 * The SIP side of a drachtio-server: transactions and dialogs between the network and the apps.
 * Source: drachtio-server, src/sip-dialog-controller.cpp, controller.cpp, client-controller.cpp.
 */
export class Signalling implements SipParty {
  readonly address: string
  readonly #network: SipNetwork
  readonly #selectApp: (verb: string) => AppConnection | null
  readonly #served = new Map<string, ServerTransaction>()
  readonly #invites = new Map<string, ClientInvite>()
  readonly #dialogs = new Map<string, Dialog>()

  constructor(options: {
    address: string
    network: SipNetwork
    /** The app whose turn it is to hear of a request with this method, in lower case. */
    selectApp: (verb: string) => AppConnection | null
  }) {
    this.address = options.address
    this.#network = options.network
    this.#selectApp = options.selectApp
  }

  /** Dialogs that the server keeps, those of lost apps too. */
  get dialogCount(): number {
    return this.#dialogs.size
  }

  receive(request: SipRequest, source: string, respond: Respond): void {
    if (request.method === 'CANCEL') return void this.#cancelled(request, source, respond)
    if (tagOf(request.headers.get('To'))) return void this.#receiveInDialog(request, source, respond)
    if (request.method === 'ACK') return
    if (request.method === 'BYE' || request.method === 'UPDATE') return void respond(responseTo(request, 481))
    if (request.method === 'INVITE') respond(responseTo(request, 100))
    const app = this.#selectApp(request.method.toLowerCase())
    if (!app) return void respond(responseTo(request, 503, { toTag: newTag() }))
    const transaction = this.#serve({ request, source, respond, app, dialog: null })
    const [host = '', port = ''] = this.address.split(':')
    this.#tell(app, request, source, [transaction.id, '', host, port])
  }

  /** A `sip` message of an app: a response, or a request inside or outside of a dialog or transaction. */
  obey(app: AppConnection, { id, tokens, sip }: AppMessage): void {
    const [transactionId = '', dialogId = '', proxy = ''] = tokens
    const message = parseSip(sip)
    if (isResponse(message)) this.#respond(app, id, transactionId, message)
    else if (dialogId) this.#requestInDialog(app, id, dialogId, message)
    else if (transactionId) this.#cancel(app, id, transactionId)
    else this.#request(app, id, message, proxy)
  }

  /** Ends a dialog on the server's own account, as it does when an ACK or a session refresh does not come. */
  endDialog(callId: string, text: string): void {
    const dialog = [...this.#dialogs.values()].find((each) => each.callId === callId)
    if (!dialog) throw new Error(`There is no dialog with the Call-ID ${callId}.`)
    this.#sendUnsolicitedBye(dialog, text)
  }

  #serve(transaction: Omit<ServerTransaction, 'id' | 'toTag' | 'hasProvisional'>): ServerTransaction {
    const served = { ...transaction, id: randomUUID(), toTag: newTag(), hasProvisional: false }
    this.#served.set(served.id, served)
    return served
  }

  #receiveInDialog(request: SipRequest, source: string, respond: Respond): void {
    const dialog = this.#findDialog(request)
    if (!dialog) {
      if (request.method !== 'ACK') respond(responseTo(request, 481))
      return
    }
    const { app } = dialog
    if (request.method === 'BYE') this.#dialogs.delete(dialog.id)
    if (request.method === 'ACK') return void this.#tell(app, request, source, [randomUUID(), dialog.id])
    // Only the app that made a dialog hears of what happens in it, even if the same app has come back since.
    if (!app.isOpen) return void respond(responseTo(request, 481))
    if (request.method === 'INVITE') respond(responseTo(request, 100))
    const transaction = this.#serve({ request, source, respond, app, dialog })
    this.#tell(app, request, source, [transaction.id, dialog.id])
  }

  #cancelled(request: SipRequest, source: string, respond: Respond): void {
    const callId = request.headers.get('Call-ID')
    const invite = [...this.#served.values()].find(
      (each) => each.request.method === 'INVITE' && each.request.headers.get('Call-ID') === callId,
    )
    if (invite && !invite.dialog) {
      this.#served.delete(invite.id)
      respond(responseTo(request, 200))
      invite.respond(responseTo(invite.request, 487, { toTag: invite.toTag }))
      const dialogId = `${callId};from-tag=${tagOf(request.headers.get('From'))}`
      const [host = '', port = ''] = this.address.split(':')
      const rest = invite.hasProvisional ? [dialogId] : ['', host, port]
      return void this.#tell(invite.app, request, source, [invite.id, ...rest])
    }
    // What has been answered cannot be cancelled any more.
    respond(responseTo(request, 481))
  }

  #respond(app: AppConnection, messageId: string, transactionId: string, answer: SipResponse): void {
    const transaction = this.#served.get(transactionId)
    if (!transaction) return void app.reply(messageId, 'NOK', 'Response not sent due to unknown transaction')
    const { request, respond, source } = transaction
    const toTag = tagOf(answer.headers.get('To')) || transaction.toTag
    const needsContact = request.method === 'INVITE' && answer.status >= 200 && answer.status < 300
    const headers = {
      ...(needsContact && { Contact: this.#contact }),
      ...appHeaders(answer.headers),
    }
    const { status, reason, body } = answer
    const response = responseTo(request, status, { toTag, headers, body, reason })
    const dialogId = this.#settle(transaction, response)
    respond(response)
    const sip = writeSip(response)
    const meta = metaTokens({ source: 'application', bytes: Buffer.byteLength(sip), address: source })
    app.reply(messageId, 'OK', `${meta}|${transactionId}|${dialogId}||Msg sent:|\r\n${sip}`)
  }

  /** Moves a transaction on by a response; returns the id of the dialog that it belongs to. */
  #settle(transaction: ServerTransaction, response: SipResponse): string {
    const { request, source, app } = transaction
    transaction.toTag = tagOf(response.headers.get('To'))
    transaction.hasProvisional = true
    if (response.status >= 200) this.#served.delete(transaction.id)
    if (transaction.dialog) return transaction.dialog.id
    if (request.method !== 'INVITE') return ''
    const dialog = answeredDialog(request, response, { source, app, contact: this.#contact })
    if (response.status >= 200 && response.status < 300) this.#dialogs.set(dialog.id, dialog)
    return dialog.id
  }

  #request(app: AppConnection, messageId: string, asked: SipRequest, proxy: string): void {
    const request = this.#completed(asked)
    const transactionId = randomUUID()
    const isInvite = request.method === 'INVITE'
    const dialog = isInvite ? offeredDialog(request, { app }) : null
    if (dialog) this.#invites.set(transactionId, { request, dialog, isCancelled: false })
    this.#replySent(app, messageId, transactionId, request)
    const uri = proxy || request.uri
    this.#network.send(request, {
      uri,
      from: this.address,
      respond: (response) => {
        if (response.status === 100) return
        if (dialog) this.#answered(transactionId, dialog, response)
        this.#tell(app, response, addressed(uri), [transactionId, dialog?.id ?? ''])
      },
    })
  }

  /** Adds what the app left to the server, and puts the server's address in the place of "localhost". */
  #completed({ method, uri, headers, body }: SipRequest): SipRequest {
    const from = (headers.get('From') || this.#contact).replace('localhost', this.address)
    const completed = SipHeaders.of({
      Via: `SIP/2.0/UDP ${this.address};branch=z9hG4bK${newTag()};rport`,
      'Max-Forwards': 70,
      From: tagOf(from) ? from : `${from};tag=${newTag()}`,
      To: headers.get('To') || `<${uri}>`,
      'Call-ID': headers.get('Call-ID') || randomUUID(),
      CSeq: headers.get('CSeq') || `${Math.floor(Math.random() * 1e6)} ${method}`,
    })
    if (/^(INVITE|SUBSCRIBE)$/.test(method)) completed.set('Contact', this.#contact)
    for (const [name, value] of Object.entries(appHeaders(headers)))
      completed.set(name, value.replace('localhost', this.address))
    if (body.startsWith('v=0') && !completed.has('Content-Type'))
      completed.add('Content-Type', 'application/sdp')
    return { method, uri, headers: completed, body }
  }

  /** What a response to an INVITE of an app means for the dialog that it may found. */
  #answered(transactionId: string, dialog: Dialog, response: SipResponse): void {
    const invite = this.#invites.get(transactionId)
    if (!invite || response.status < 200) return
    this.#invites.delete(transactionId)
    if (response.status >= 300) return void this.#acknowledge(invite.request, response)
    dialog.remote = response.headers.get('To')
    dialog.target = uriOf(response.headers.get('Contact')) || dialog.target
    dialog.route = dialog.target
    dialog.endsOnAck = invite.isCancelled
    this.#dialogs.set(dialog.id, dialog)
  }

  /** What is refused is acknowledged by the stack; apps are not asked. */
  #acknowledge(request: SipRequest, response: SipResponse): void {
    const cseq = `${Number.parseInt(request.headers.get('CSeq'), 10)} ACK`
    const headers = SipHeaders.of({
      Via: request.headers.get('Via'),
      From: request.headers.get('From'),
      To: response.headers.get('To'),
      'Call-ID': request.headers.get('Call-ID'),
      CSeq: cseq,
    })
    const ack = { method: 'ACK', uri: request.uri, headers, body: '' }
    this.#network.send(ack, { uri: request.uri, from: this.address, respond: () => {} })
  }

  #cancel(app: AppConnection, messageId: string, transactionId: string): void {
    const invite = this.#invites.get(transactionId)
    if (!invite)
      return void app.reply(messageId, 'NOK', `unable to cancel unknown transaction id: ${transactionId}`)
    invite.isCancelled = true
    const { uri, headers } = invite.request
    const cancel: SipRequest = {
      method: 'CANCEL',
      uri,
      headers: SipHeaders.of({
        Via: headers.get('Via'),
        From: headers.get('From'),
        To: headers.get('To'),
        'Call-ID': headers.get('Call-ID'),
        CSeq: `${Number.parseInt(headers.get('CSeq'), 10)} CANCEL`,
      }),
      body: '',
    }
    this.#replySent(app, messageId, randomUUID(), cancel)
    this.#network.send(cancel, { uri, from: this.address, respond: () => {} })
  }

  #requestInDialog(app: AppConnection, messageId: string, dialogId: string, asked: SipRequest): void {
    const dialog = this.#dialogs.get(dialogId)
    if (!dialog) {
      const reason =
        asked.method === 'ACK'
          ? 'ACK for non-success final response is automatically generated by server'
          : 'unable to find dialog for dialog id provided'
      return void app.reply(messageId, 'NOK', `Server error: ${reason}`)
    }
    const { method, uri, body } = asked
    const request = requestInDialog(dialog, {
      method,
      uri,
      extra: appHeaders(asked.headers),
      body,
      from: this.address,
    })
    const transactionId = randomUUID()
    this.#replySent(app, messageId, transactionId, request)
    this.#network.send(request, {
      uri: dialog.route,
      from: this.address,
      respond: (response) => {
        if (response.status === 100) return
        if (method === 'BYE') this.#dialogs.delete(dialogId)
        this.#tell(app, response, addressed(dialog.route), [transactionId, dialogId])
      },
    })
    if (method === 'ACK' && dialog.endsOnAck)
      this.#sendUnsolicitedBye(dialog, 'ACK-BYE due to cancel race condition')
  }

  /** Ends a dialog towards the network, and tells the app as if the BYE had come from there. */
  #sendUnsolicitedBye(dialog: Dialog, text: string): void {
    this.#dialogs.delete(dialog.id)
    const extra = { Reason: `SIP ;cause=200 ;text="${text}"` }
    const bye = requestInDialog(dialog, {
      method: 'BYE',
      uri: dialog.target,
      extra,
      body: '',
      from: this.address,
    })
    this.#network.send(bye, { uri: dialog.route, from: this.address, respond: () => {} })
    const sip = writeSip(bye)
    dialog.app.tell(
      { source: 'application', bytes: Buffer.byteLength(sip), address: addressed(dialog.route) },
      ['unsolicited', dialog.id],
      sip,
    )
  }

  #findDialog({ headers }: SipRequest): Dialog | undefined {
    const [callId, local, remote] = [
      headers.get('Call-ID'),
      tagOf(headers.get('To')),
      tagOf(headers.get('From')),
    ]
    return [...this.#dialogs.values()].find(
      (each) => each.callId === callId && tagOf(each.local) === local && tagOf(each.remote) === remote,
    )
  }

  #replySent(app: AppConnection, messageId: string, transactionId: string, request: SipRequest): void {
    const sip = writeSip(request)
    const meta = metaTokens({ source: 'application', bytes: Buffer.byteLength(sip), address: this.address })
    app.reply(messageId, 'OK', `${meta}|${transactionId}|Msg sent:|\r\n${sip}`)
  }

  #tell(app: AppConnection, message: SipMessage, address: string, tokens: string[]): void {
    const sip = writeSip(message)
    app.tell({ source: 'network', bytes: Buffer.byteLength(sip), address }, tokens, sip)
  }

  get #contact(): string {
    return `<sip:${this.address}>`
  }
}

function appHeaders(headers: SipHeaders): Record<string, string> {
  const said = headers.fields.filter(([name]) => !OWN_FIELDS.has(name.toLowerCase()))
  return Object.fromEntries(said)
}

function addressed(uri: string): string {
  return /@?([^@:;]+:\d+)/.exec(uri.replace(/^sips?:/, ''))?.[1] ?? uri
}
