import { randomUUID } from 'node:crypto'
import {
  addressOf,
  responseTo,
  type SipRequest,
  type SipResponse,
  tagOf,
  uriOf,
  writeSip,
} from '../sip-message.ts'
import type { Respond } from '../sip-network.ts'
import { newTag } from '../tags.ts'
import { type AppConnection, metaTokens, tellOf } from './app-connection.ts'
import { appFields } from './composed-requests.ts'
import { answeredDialog, type Dialog, type Dialogs, dialogIdOf } from './dialogs.ts'

/** A request that an app is to answer. */
type Transaction = {
  id: string
  request: SipRequest
  source: string
  respond: Respond
  app: AppConnection
  /** The dialog that it was sent in; null for one that begins something. */
  dialog: Dialog | null
  toTag: string
  /** The app has sent a response that is not the last. */
  isAnnounced: boolean
}

/** Methods that can begin something; others are not answered where there is no dialog. */
const NEW = new Set(['INVITE', 'REGISTER', 'MESSAGE', 'OPTIONS', 'INFO', 'NOTIFY', 'SUBSCRIBE', 'PUBLISH'])

/** So long the apps here have it wait for an answer. */
const NOBODY_ANSWERS_MS = 1_000

/** A session may not be refreshed more often, in seconds (RFC 4028). */
const MIN_SESSION_S = 90

/** What comes from the network, and what the apps answer to it. */
export class Incoming {
  readonly #address: string
  readonly #dialogs: Dialogs
  readonly #selectApp: (verb: string) => AppConnection | null
  readonly #onCrash: () => void
  readonly #open = new Map<string, Transaction>()

  constructor(options: {
    address: string
    dialogs: Dialogs
    selectApp: (verb: string) => AppConnection | null
    /** It has met what it dies of. */
    onCrash: () => void
  }) {
    this.#onCrash = options.onCrash
    this.#address = options.address
    this.#dialogs = options.dialogs
    this.#selectApp = options.selectApp
  }

  take(request: SipRequest, source: string, respond: Respond): void {
    const { method, headers } = request
    const dialog = this.#dialogs.of(request)
    // What is said in a dialog that is not known is taken for something new where it could be.
    const isNew = NEW.has(method) && !(method === 'INVITE' && tagOf(headers.get('To')))
    if (method === 'CANCEL') this.#cancelled(request, source, respond)
    else if (dialog) this.#takeInDialog(request, { dialog, source, respond })
    else if (isNew) this.#takeNew(request, source, respond)
    else if (/^(INVITE|BYE|UPDATE)$/.test(method)) respond(responseTo(request, 481))
  }

  /** Sends an app's response. */
  answer(app: AppConnection, messageId: string, transactionId: string, answer: SipResponse): void {
    const transaction = this.#open.get(transactionId)
    if (!transaction) {
      app.reply(messageId, 'NOK', 'Response not sent due to unknown transaction')
      return
    }
    if (isDeadly(transaction)) {
      this.#onCrash()
      return
    }
    const response = this.#composed(transaction, answer)
    const dialogId = this.#settle(transaction, response)
    transaction.respond(response)
    const sip = writeSip(response)
    const meta = metaTokens({ source: 'application', address: transaction.source, sip })
    app.reply(messageId, 'OK', `${meta}|${transactionId}|${dialogId}||Msg sent:|\r\n${sip}`)
  }

  /** Sends a request on for an app, and answers by itself when nobody does, which is all that is asked of it here. */
  proxy(app: AppConnection, messageId: string, transactionId: string): void {
    const transaction = this.#open.get(transactionId)
    if (!transaction) {
      app.reply(messageId, 'NOK', 'Unknown transaction')
      return
    }
    const { request, toTag, respond } = transaction
    setTimeout(() => {
      if (this.#open.delete(transactionId)) respond(responseTo(request, 408, { toTag }))
      app.reply(messageId, 'OK', 'done')
    }, NOBODY_ANSWERS_MS)
  }

  #takeNew(request: SipRequest, source: string, respond: Respond): void {
    if (request.method === 'INVITE') respond(responseTo(request, 100))
    const app = this.#selectApp(request.method.toLowerCase())
    if (!app) {
      respond(responseTo(request, 503, { toTag: newTag() }))
      return
    }
    const { id } = this.#begin({ request, source, respond, app, dialog: null })
    tellOf(app, request, { address: source, tokens: [id, '', ...this.#address.split(':')] })
  }

  #takeInDialog(
    request: SipRequest,
    { dialog, source, respond }: { dialog: Dialog; source: string; respond: Respond },
  ): void {
    const isAck = request.method === 'ACK'
    if (request.method === 'BYE') this.#dialogs.remove(dialog)
    // Only the app that made a dialog hears of what happens in it, even if the same app has come back since.
    if (!dialog.app.isOpen) {
      if (!isAck) respond(responseTo(request, 481))
      return
    }
    if (request.method === 'INVITE') respond(responseTo(request, 100))
    if (isTooShort(request)) {
      respond(responseTo(request, 422, { headers: { 'Min-SE': `${MIN_SESSION_S}` } }))
      return
    }
    const { app } = dialog
    const id = isAck ? randomUUID() : this.#begin({ request, source, respond, app, dialog }).id
    tellOf(app, request, { address: source, tokens: [id, dialog.id] })
  }

  #cancelled(request: SipRequest, source: string, respond: Respond): void {
    const callId = request.headers.get('Call-ID')
    const transaction = [...this.#open.values()].find(
      (each) => each.request.method === 'INVITE' && each.request.headers.get('Call-ID') === callId,
    )
    // What has been answered cannot be cancelled any more.
    if (!transaction || transaction.dialog) {
      respond(responseTo(request, 481))
      return
    }
    const { id, app, toTag, isAnnounced, request: invite } = transaction
    this.#open.delete(id)
    respond(responseTo(request, 200))
    transaction.respond(responseTo(invite, 487, { toTag }))
    const rest = isAnnounced ? [dialogIdOf(invite)] : ['', ...this.#address.split(':')]
    tellOf(app, request, { address: source, tokens: [id, ...rest] })
  }

  #begin(transaction: Omit<Transaction, 'id' | 'toTag' | 'isAnnounced'>): Transaction {
    const begun = { ...transaction, id: randomUUID(), toTag: newTag(), isAnnounced: false }
    this.#open.set(begun.id, begun)
    return begun
  }

  #composed({ request, toTag }: Transaction, { status, reason, headers, body }: SipResponse): SipResponse {
    const foundsDialog = request.method === 'INVITE' && status >= 200 && status < 300
    return responseTo(request, status, {
      toTag: tagOf(headers.get('To')) || toTag,
      headers: {
        ...(foundsDialog && { Contact: this.#contact, ...agreedTimer(request) }),
        ...appFields(headers),
      },
      body,
      reason,
    })
  }

  /** Moves a transaction on by a response; returns the id of the dialog that it belongs to. */
  #settle(transaction: Transaction, response: SipResponse): string {
    const { request, source, app } = transaction
    transaction.toTag = tagOf(response.headers.get('To'))
    transaction.isAnnounced = true
    if (response.status >= 200) this.#open.delete(transaction.id)
    if (transaction.dialog) return transaction.dialog.id
    if (request.method !== 'INVITE') return ''
    const dialog = answeredDialog(request, response, { source, app, contact: this.#contact })
    if (response.status >= 200 && response.status < 300) this.#dialogs.add(dialog)
    return dialog.id
  }

  get #contact(): string {
    return `<sip:${this.#address}>`
  }
}

/** The dialog that is made with an app's first response looks for a host in the Contact (src/sip-dialog.cpp), and dies of none. */
function isDeadly({ request: { method, headers }, dialog, isAnnounced }: Transaction): boolean {
  if (method !== 'INVITE' || dialog || isAnnounced) return false
  const contact = headers.get('Contact')
  return contact !== '' && !headers.has('Record-Route') && addressOf(uriOf(contact)) === ''
}

function isTooShort({ method, headers }: SipRequest): boolean {
  const asked = Number.parseInt(headers.get('Session-Expires'), 10)
  return /^(INVITE|UPDATE)$/.test(method) && asked < MIN_SESSION_S
}

/** The session timer of an INVITE is agreed to; the caller refreshes unless it says otherwise (drachtio.conf.xml). */
function agreedTimer({ headers }: SipRequest): Record<string, string> {
  const [, seconds, refresher = 'uac'] =
    /^(\d+)(?:;.*refresher=(\w+))?/.exec(headers.get('Session-Expires')) ?? []
  if (!seconds) return {}
  return { 'Session-Expires': `${Math.max(MIN_SESSION_S, Number(seconds))};refresher=${refresher}` }
}
