import { responseTo, SipHeaders, type SipRequest, type SipResponse } from '../sip-message.ts'
import type { SipNetwork, SipParty } from '../sip-network.ts'
import { newTag } from '../tags.ts'
import { AnsweringPhone } from './incoming-call.ts'
import { type InviteOptions, SipCall } from './sip-call.ts'

/** The phones and trunks beyond a drachtio-server. */
export class SimulatedPhone {
  /** Every call that was begun, in order. */
  readonly calls: SipCall[] = []
  readonly #network: SipNetwork
  readonly #server: string

  /** `sipAddress` is the drachtio-server's. */
  constructor({ network, sipAddress }: { network: SipNetwork; sipAddress: string }) {
    this.#network = network
    this.#server = sipAddress
  }

  invite(options: InviteOptions): SipCall {
    const call = new SipCall(this.#network, this.#server, options)
    this.calls.push(call)
    return call
  }

  /** A phone that can be called at "sip:anybody@" and its address, on this host. */
  answering(host = '127.0.0.1'): AnsweringPhone {
    return new AnsweringPhone(this.#network, `${host}:${this.#network.freePort()}`)
  }

  /** Sends a request outside of a call, as trunks do with OPTIONS and scanners with anything. Resolves with the final response. */
  request(
    method: string,
    {
      from = 'trunk',
      to = 'service',
      sourceAddress = '127.0.0.1',
      headers = {},
    }: { from?: string; to?: string; sourceAddress?: string; headers?: Record<string, string> } = {},
  ): Promise<SipResponse> {
    const address = `${sourceAddress}:${this.#network.freePort()}`
    const uri = `sip:${to}@${this.#server}`
    const fields = SipHeaders.of({
      Via: `SIP/2.0/UDP ${address};branch=z9hG4bK${newTag()};rport`,
      'Max-Forwards': 70,
      From: `<sip:${from}@${sourceAddress}>;tag=${newTag()}`,
      To: `<${uri}>`,
      'Call-ID': newTag(),
      CSeq: `1 ${method}`,
      Contact: `<sip:${from}@${address}>`,
    })
    for (const [name, value] of Object.entries(headers)) fields.set(name, value)
    return this.#transact({ method, uri, headers: fields, body: '' }, address)
  }

  #transact(request: SipRequest, address: string): Promise<SipResponse> {
    const party: SipParty = {
      address,
      receive: (asked, _source, respond) => respond(responseTo(asked, 481)),
    }
    this.#network.attach(party)
    return new Promise((resolve) => {
      const respond = (response: SipResponse) => {
        if (response.status < 200) return
        this.#network.detach(party)
        resolve(response)
      }
      this.#network.send(request, { uri: request.uri, from: address, respond })
    })
  }
}
