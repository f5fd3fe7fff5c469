import { randomBytes } from 'node:crypto'
import { responseTo, SipHeaders, type SipRequest, type SipResponse } from '../sip-message.ts'
import type { SipNetwork, SipParty } from '../sip-network.ts'
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
    const fields = SipHeaders.of({
      Via: `SIP/2.0/UDP ${address};branch=z9hG4bK${randomBytes(6).toString('hex')}`,
      'Max-Forwards': 70,
      From: `<sip:${from}@${sourceAddress}>;tag=${randomBytes(6).toString('hex')}`,
      To: `<sip:${to}@${this.#server}>`,
      'Call-ID': randomBytes(8).toString('hex'),
      CSeq: `1 ${method}`,
      Contact: `<sip:${from}@${address}>`,
    })
    for (const [name, value] of Object.entries(headers)) fields.set(name, value)
    const uri = `sip:${to}@${this.#server}`
    const request: SipRequest = { method, uri, headers: fields, body: '' }
    const party: SipParty = { address, receive: (asked, _source, respond) => respond(responseTo(asked, 481)) }
    this.#network.attach(party)
    return new Promise((resolve) => {
      const respond = (response: SipResponse) => {
        if (response.status < 200) return
        this.#network.detach(party)
        resolve(response)
      }
      this.#network.send(request, { uri, from: address, respond })
    })
  }
}
