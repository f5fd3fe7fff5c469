import type { SimulatedEncryption } from '../sdp.ts'
import { numberOf, type SipRequest, type SipResponse, uriOf } from '../sip-message.ts'
import type { SipNetwork, SipParty } from '../sip-network.ts'
import { newTag } from '../tags.ts'
import { type Credentials, challengeOf, digestAnswer } from './digest.ts'
import { PhoneCall } from './phone-call.ts'

export type InviteOptions = {
  /** The caller's user part, such as a number. */
  from: string
  /** The number that is called. */
  to: string
  /** The offer; by default one of this call's own, `null` for an INVITE without one: the answer then goes with the ACK. */
  sdp?: string | null
  codecs?: readonly string[]
  /** What the default offer demands of the audio; a real network carries plain audio alone. */
  encryption?: SimulatedEncryption
  /** What SIP claims to go over, in the simulated network. */
  transport?: 'UDP' | 'TLS'
  /** Where the call comes from; the service sees it as the address of the trunk. */
  sourceAddress?: string
  headers?: Record<string, string>
  /** By default one that no other call has. */
  callId?: string
  /** What to answer a challenge (401, 407) with; without it a challenge is the final response. */
  credentials?: Credentials
  /** The 200 is not acknowledged before `ack()` is called. */
  withholdsAck?: boolean
  /** A late offer, one that comes with the 200, is acknowledged and never answered. */
  leavesOfferOpen?: boolean
}

/** A call that a phone or trunk makes. */
export class SipCall extends PhoneCall implements SipParty {
  /** Every response to the INVITE, in order. */
  readonly responses: SipResponse[] = []
  /** Resolves with the final response to the INVITE. */
  readonly final: Promise<SipResponse>
  readonly #options: InviteOptions
  readonly #finalResponse = Promise.withResolvers<SipResponse>()
  #invite: SipRequest
  #answer: SipResponse | null = null
  #isAcknowledged = false

  constructor(network: SipNetwork, server: string, options: InviteOptions) {
    const { from, to, sourceAddress = '127.0.0.1', callId = newTag() } = options
    const { codecs, encryption, transport } = options
    const target = `sip:${to}@${server}`
    const names = {
      callId,
      local: `<sip:${from}@${sourceAddress}>;tag=${newTag()}`,
      remote: `<${target}>`,
      target,
      route: `sip:${server}`,
    }
    const address = `${sourceAddress}:${network.freePort()}`
    super(network, { address, user: from, names, codecs, encryption, transport })
    this.#options = options
    this.final = this.#finalResponse.promise
    network.attach(this)
    this.#invite = this.#sendInvite({ cseq: 1 })
  }

  /** The INVITE as it went out last. */
  get invite(): SipRequest {
    return this.#invite
  }

  get isAnswered(): boolean {
    return this.#answer !== null
  }

  /** Resolves with the first response of this status, also if it has come already. */
  async response(status: number): Promise<SipResponse> {
    const come = this.responses.find((each) => each.status === status)
    if (come) return come
    for (;;) {
      const next = await new Promise<SipResponse>((resolve) => this.once('response', resolve))
      if (next.status === status) return next
    }
  }

  /** Gives up before the call is answered. Resolves with the response to the CANCEL. */
  cancel(): Promise<SipResponse> {
    const { headers } = this.#invite
    const as = { cseq: numberOf(this.#invite), via: headers.get('Via'), remote: headers.get('To') }
    return this.transact({ ...this.compose('CANCEL', as), uri: this.#invite.uri })
  }

  /** Acknowledges the 200, once; the answer to a late offer goes with it. */
  ack(): void {
    if (!this.#answer || this.#isAcknowledged) return
    this.#isAcknowledged = true
    const { sdp, leavesOfferOpen = false } = this.#options
    this.sendAck(numberOf(this.#invite), sdp === null && !leavesOfferOpen ? this.sdp : '')
  }

  /** Falls silent as a phone does whose network is gone: nothing is sent or answered any more. */
  vanish(): void {
    this.network.detach(this)
    this.network.closeRtp(this.rtpAddress)
  }

  /** Waits for no answer any more. */
  abandon(): void {
    this.release()
  }

  protected override release(): void {
    super.release()
    this.network.detach(this)
  }

  #sendInvite({
    cseq,
    authorization = {},
  }: {
    cseq?: number
    authorization?: Record<string, string>
  }): SipRequest {
    const { sdp, headers } = this.#options
    const body = sdp === null ? '' : (sdp ?? this.sdp)
    const invite = this.compose('INVITE', { cseq, headers: { ...headers, ...authorization }, body })
    this.send(invite, (response) => this.#responded(invite, response))
    return invite
  }

  #responded(invite: SipRequest, response: SipResponse): void {
    this.responses.push(response)
    if (response.status >= 300) this.#acknowledgeRefusal(invite, response)
    const { credentials } = this.#options
    const challenge = challengeOf(response)
    if (challenge && credentials && !invite.headers.has(challenge.answeredBy)) {
      const answer = digestAnswer(challenge.text, credentials, invite)
      this.#invite = this.#sendInvite({ authorization: { [challenge.answeredBy]: answer } })
    } else if (response.status >= 200) this.#settled(response)
    this.emit('response', response)
  }

  #settled(response: SipResponse): void {
    if (response.status < 300) this.#answered(response)
    else this.release()
    this.#finalResponse.resolve(response)
  }

  #answered(response: SipResponse): void {
    this.#answer = response
    this.names.remote = response.headers.get('To')
    this.names.target = uriOf(response.headers.get('Contact')) || this.names.target
    this.audio.takeAnswer(response.body)
    if (!this.#options.withholdsAck) this.ack()
  }

  /** What is refused is acknowledged within the INVITE's own transaction. */
  #acknowledgeRefusal(invite: SipRequest, { headers }: SipResponse): void {
    const as = { cseq: numberOf(invite), via: invite.headers.get('Via'), remote: headers.get('To') }
    this.send(this.compose('ACK', as))
  }
}
