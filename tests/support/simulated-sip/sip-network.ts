import type { SimulatedEncryption } from './sdp.ts'
import { addressOf, responseTo, type SipRequest, type SipResponse } from './sip-message.ts'

export type Respond = (response: SipResponse) => void

/** Somebody with a SIP address: the drachtio-server, a FreeSWITCH, or one call of a phone. */
export interface SipParty {
  /** "host:port". */
  readonly address: string
  /** Takes a request that came from `source`, and answers it as often as there are responses; an ACK gets none. */
  receive(request: SipRequest, source: string, respond: Respond): void
}

/** One end of a call's RTP. Frames are 20 ms of 8 kHz samples. */
export interface RtpSocket {
  /** "host:port" to which it sends; empty while that is not known. */
  readonly target: string
  /** What both sides have agreed to speak. */
  readonly codec: string
  /** And how it is encrypted: who has no key hears nothing. */
  readonly encryption: SimulatedEncryption
  hear(frame: Int16Array): void
  /** What is said at this moment, if anything is. */
  nextFrame(): Int16Array | null
  /** A key that is pressed at this moment (RFC 4733), if one is. */
  nextDigit(): string | null
}

/** What lies between phones and servers. */
export interface SipNetwork {
  attach(party: SipParty): void
  detach(party: SipParty): void
  /** Sends a request from one's address to that of a URI. */
  send(request: SipRequest, options: { uri: string; from: string; respond: Respond }): void
  /** A port that nobody has had yet; even, as RTP's are. */
  freePort(): number
  openRtp(address: string, socket: RtpSocket): void
  closeRtp(address: string): void
}

/**
 * The wires between the simulated parties: SIP requests by the address in a URI, audio by the address in an SDP. A message
 * takes a turn of the event loop, and messages never overtake each other.
 */
export class SimulatedNetwork implements SipNetwork {
  readonly #parties = new Map<string, SipParty>()
  readonly #sockets = new Map<string, RtpSocket>()
  #nextPort = 20_000

  attach(party: SipParty): void {
    this.#parties.set(party.address, party)
  }

  detach(party: SipParty): void {
    if (this.#parties.get(party.address) === party) this.#parties.delete(party.address)
  }

  /** 503 comes back when nobody is at the address, as it does when a host says that its port is closed. */
  send(request: SipRequest, { uri, from, respond }: { uri: string; from: string; respond: Respond }): void {
    const back: Respond = (response) => void setImmediate(respond, response)
    setImmediate(() => {
      const party = this.#parties.get(addressOf(uri))
      if (party) party.receive(request, from, back)
      else if (request.method !== 'ACK') back(responseTo(request, 503))
    })
  }

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

  /** Whoever listens for audio at this address. */
  rtpAt(address: string): RtpSocket | undefined {
    return this.#sockets.get(address)
  }
}
