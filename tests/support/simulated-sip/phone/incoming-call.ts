import { responseTo, type SipRequest, uriOf } from '../sip-message.ts'
import type { Respond, SipNetwork, SipParty } from '../sip-network.ts'
import { newTag } from '../tags.ts'
import { PhoneCall } from './phone-call.ts'

type Incoming = {
  address: string
  invite: SipRequest
  source: string
  respond: Respond
  codecs?: readonly string[] | undefined
}

/** A call that the service makes to a phone: it rings until it is answered, refused or cancelled. */
export class IncomingCall extends PhoneCall {
  readonly invite: SipRequest
  /** Resolves when the service has given up. */
  readonly cancelled: Promise<void>
  readonly #tag: string
  readonly #respond: Respond
  readonly #cancelling = Promise.withResolvers<void>()
  #isRinging = true

  constructor(network: SipNetwork, { address, invite, source, respond, codecs }: Incoming) {
    const { headers } = invite
    const tag = newTag()
    super(network, {
      address,
      codecs,
      user: 'callee',
      names: {
        callId: headers.get('Call-ID'),
        local: `${headers.get('To')};tag=${tag}`,
        remote: headers.get('From'),
        target: uriOf(headers.get('Contact')),
        route: `sip:${source}`,
      },
    })
    this.invite = invite
    this.cancelled = this.#cancelling.promise
    this.#tag = tag
    this.#respond = respond
    this.audio.takeOffer(invite.body)
    this.#respond(responseTo(invite, 180, { toTag: tag }))
  }

  /** Picks up; what rings no more cannot be answered. */
  answer(): void {
    if (!this.#isRinging) return
    this.#isRinging = false
    const headers = { Contact: this.contact }
    this.#respond(responseTo(this.invite, 200, { toTag: this.#tag, headers, body: this.sdp }))
  }

  refuse(status: number): void {
    if (!this.#isRinging) return
    this.#isRinging = false
    this.#respond(responseTo(this.invite, status, { toTag: this.#tag }))
    this.release()
  }

  override receive(request: SipRequest, source: string, respond: Respond): void {
    if (request.method !== 'CANCEL') {
      super.receive(request, source, respond)
      return
    }
    this.requests.push(request)
    respond(responseTo(request, 200))
    this.refuse(487)
    this.#cancelling.resolve()
  }
}

/** A phone that can be called: whoever a caller is put through to. */
export class AnsweringPhone implements SipParty {
  readonly address: string
  /** Every call that came, in order. */
  readonly calls: IncomingCall[] = []
  /** The status with which the next calls are refused; null takes them. */
  refuses: number | null = null
  /** Whether the next calls are answered at once; they ring else. */
  picksUp = true
  /** Those of the next calls, by default as other phones. */
  codecs: readonly string[] | undefined
  readonly #network: SipNetwork
  #onCall: (call: IncomingCall) => void = () => {}

  constructor(network: SipNetwork, address: string) {
    this.#network = network
    this.address = address
    network.attach(this)
  }

  /** Resolves with the next call that comes. */
  nextCall(): Promise<IncomingCall> {
    return new Promise((resolve) => {
      this.#onCall = resolve
    })
  }

  receive(request: SipRequest, source: string, respond: Respond): void {
    const callId = request.headers.get('Call-ID')
    const call = this.calls.find((each) => each.callId === callId)
    if (call) call.receive(request, source, respond)
    else if (request.method === 'INVITE') this.#invited(request, source, respond)
    else if (request.method !== 'ACK') respond(responseTo(request, 481))
  }

  /** Cannot be reached any more. */
  close(): void {
    this.#network.detach(this)
  }

  #invited(invite: SipRequest, source: string, respond: Respond): void {
    if (this.refuses) {
      respond(responseTo(invite, this.refuses, { toTag: newTag() }))
      return
    }
    const { address, codecs } = this
    const call = new IncomingCall(this.#network, { address, invite, source, respond, codecs })
    this.calls.push(call)
    if (this.picksUp) call.answer()
    this.#onCall(call)
  }
}
