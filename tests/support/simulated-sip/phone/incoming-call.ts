import { responseTo, type SipRequest, uriOf } from '../sip-message.ts'
import type { Respond, SipNetwork, SipParty } from '../sip-network.ts'
import { newTag } from '../tags.ts'
import { PhoneCall } from './phone-call.ts'

/** A call that the service makes to a phone, answered at once. */
export class IncomingCall extends PhoneCall {
  readonly invite: SipRequest

  constructor(
    network: SipNetwork,
    {
      address,
      invite,
      source,
      respond,
      codecs,
    }: {
      address: string
      invite: SipRequest
      source: string
      respond: Respond
      codecs?: readonly string[] | undefined
    },
  ) {
    const { headers } = invite
    const tag = newTag()
    super(network, {
      ...{ address, codecs },
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
    this.audio.takeOffer(invite.body)
    respond(responseTo(invite, 180, { toTag: tag }))
    respond(responseTo(invite, 200, { toTag: tag, headers: { Contact: this.contact }, body: this.sdp }))
  }
}

/** A phone that can be called: whoever a caller is put through to. */
export class AnsweringPhone implements SipParty {
  readonly address: string
  /** Every call that came, in order. */
  readonly calls: IncomingCall[] = []
  /** The status with which the next calls are refused; null answers them. */
  refuses: number | null = null
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
    this.#onCall(call)
  }
}
