import { addressOf, responseTo, type SipRequest, type SipResponse } from './sip-message.ts'

export type Respond = (response: SipResponse) => void

/** Somebody with a SIP address: the drachtio-server, a FreeSWITCH, or one call of a phone. */
export interface SipParty {
  /** "host:port". */
  readonly address: string
  /** Takes a request that came from `source`, and answers it as often as there are responses; an ACK gets none. */
  receive(request: SipRequest, source: string, respond: Respond): void
}

/** A socket for audio: one end of a call's RTP. Frames are 20 ms of 8 kHz samples. */
export interface RtpSocket {
  hear(frame: Int16Array, from: string): void
  /** What is said into `to` at this moment, if anything is. */
  nextFrame(to: string): Int16Array | null
  /** A key that is pressed into `to` at this moment (RFC 4733), if one is. */
  nextDigit(to: string): string | null
}

/**
 * The wires between the simulated parties: SIP requests by the address in a URI, audio by the address in an SDP. A message
 * takes a turn of the event loop, and messages never overtake each other.
 */
export class SipNetwork {
  readonly #parties = new Map<string, SipParty>()
  readonly #sockets = new Map<string, RtpSocket>()
  #nextPort = 20_000

  attach(party: SipParty): void {
    this.#parties.set(party.address, party)
  }

  detach(party: SipParty): void {
    if (this.#parties.get(party.address) === party) this.#parties.delete(party.address)
  }

  /** Delivers a request to whoever is at the URI's address; 408 comes back when nobody is. */
  send(request: SipRequest, { uri, from, respond }: { uri: string; from: string; respond: Respond }): void {
    const back: Respond = (response) => void setImmediate(respond, response)
    setImmediate(() => {
      const party = this.#parties.get(addressOf(uri))
      if (party) party.receive(request, from, back)
      else if (request.method !== 'ACK') back(responseTo(request, 408))
    })
  }

  /** An RTP or SIP port that nobody has had yet; even, as RTP's are. */
  freePort(): number {
    this.#nextPort += 2
    return this.#nextPort
  }

  openRtp(address: string, socket: RtpSocket): void {
    this.#sockets.set(address, socket)
  }

  closeRtp(address: string): void {
    this.#sockets.delete(address)
  }

  rtpAt(address: string): RtpSocket | undefined {
    return this.#sockets.get(address)
  }
}
