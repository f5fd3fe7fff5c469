import { randomBytes } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { answeringDirection, type Direction, readSdp, writeSdp } from '../sdp.ts'
import { responseTo, SipHeaders, type SipRequest, type SipResponse, tagOf, uriOf } from '../sip-message.ts'
import type { Respond, RtpSocket, SipNetwork, SipParty } from '../sip-network.ts'
import { type Credentials, digestAnswer } from './digest.ts'
import { ScriptedVoice } from './scripted-voice.ts'

export type InviteOptions = {
  /** The caller's user part, such as a number. */
  from: string
  /** The number that is called. */
  to: string
  /** The offer; by default one of this call's own, `null` for an INVITE without one: the answer then goes with the ACK. */
  sdp?: string | null
  codecs?: readonly string[]
  /** Where the call comes from; the service sees it as the address of the trunk. */
  sourceAddress?: string
  headers?: Record<string, string>
  /** What to answer a challenge (401, 407) with; without it a challenge is the final response. */
  credentials?: Credentials
  /** The 200 is not acknowledged before `ack()` is called. */
  withholdsAck?: boolean
}

export type CallEnd = { by: 'caller' | 'service'; reason: string }

type Events = { response: [SipResponse]; request: [SipRequest]; ended: [CallEnd] }

const CODECS = ['PCMU', 'PCMA', 'telephone-event']

/**
 * A call of a phone or trunk, led by hand. The user agent does what any would: it acknowledges, answers BYE, re-INVITE,
 * NOTIFY, OPTIONS and INFO with 200, and sends and plays audio as the session descriptions say.
 */
export class SipCall extends EventEmitter<Events> implements SipParty, RtpSocket {
  readonly address: string
  readonly rtpAddress: string
  readonly callId = randomBytes(8).toString('hex')
  readonly voice = new ScriptedVoice()
  /** Every response to the first INVITE, and every request of the service, in order. */
  readonly responses: SipResponse[] = []
  readonly requests: SipRequest[] = []
  /** Resolves with the final response to the INVITE. */
  readonly final: Promise<SipResponse>
  /** Resolves when the call is over after it was answered. */
  readonly ended: Promise<CallEnd>
  direction: Direction = 'sendrecv'
  readonly #network: SipNetwork
  readonly #server: string
  readonly #options: InviteOptions
  readonly #finalResponse = Promise.withResolvers<SipResponse>()
  readonly #ending = Promise.withResolvers<CallEnd>()
  readonly #tag = randomBytes(6).toString('hex')
  #branch = ''
  #cseq = 1
  #sdpVersion = 1
  #to: string
  #target: string
  #answer: SipResponse | null = null
  #isAcknowledged = false
  #isOver = false
  #rtpTarget = ''

  constructor(network: SipNetwork, server: string, options: InviteOptions) {
    super()
    const host = options.sourceAddress ?? '127.0.0.1'
    this.address = `${host}:${network.freePort()}`
    this.rtpAddress = `${host}:${network.freePort()}`
    this.#network = network
    this.#server = server
    this.#options = options
    this.#target = `sip:${options.to}@${server}`
    this.#to = `<${this.#target}>`
    this.final = this.#finalResponse.promise
    this.ended = this.#ending.promise
    network.attach(this)
    network.openRtp(this.rtpAddress, this)
    this.#invite({})
  }

  /** Where the audio is sent. */
  get target(): string {
    return this.#rtpTarget
  }

  get isAnswered(): boolean {
    return this.#answer !== null
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** The offer of this call as it stands. */
  get sdp(): string {
    const { rtpAddress, direction } = this
    const codecs = this.#options.codecs ?? CODECS
    return writeSdp({ address: rtpAddress, codecs, direction, version: this.#sdpVersion, name: 'phone' })
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
    return this.#send(this.#request('CANCEL', { cseq: 1, branch: this.#branch, to: `<${uriOf(this.#to)}>` }))
  }

  /** Acknowledges the 200, once; the answer to a late offer goes with it. */
  ack(): void {
    if (!this.#answer || this.#isAcknowledged) return
    this.#isAcknowledged = true
    const body = this.#options.sdp === null ? this.sdp : ''
    this.#network.send(
      this.#request('ACK', { cseq: Number.parseInt(this.#answer.headers.get('CSeq'), 10), body }),
      {
        uri: `sip:${this.#server}`,
        from: this.address,
        respond: () => {},
      },
    )
  }

  /** Hangs up. Resolves with the response to the BYE. */
  async bye(): Promise<SipResponse> {
    const response = this.request('BYE')
    this.#end({ by: 'caller', reason: 'BYE' })
    return response
  }

  /** Changes the session, and acknowledges. Resolves with the final response. */
  async reInvite({
    direction = this.direction,
    sdp,
  }: {
    direction?: Direction
    sdp?: string
  } = {}): Promise<SipResponse> {
    this.direction = direction
    this.#sdpVersion++
    const request = this.#request('INVITE', { body: sdp ?? this.sdp })
    const response = await this.#send(request)
    this.#network.send(this.#request('ACK', { cseq: Number.parseInt(request.headers.get('CSeq'), 10) }), {
      uri: `sip:${this.#server}`,
      from: this.address,
      respond: () => {},
    })
    if (response.status === 200) this.#takeRemote(response.body)
    return response
  }

  hold(): Promise<SipResponse> {
    return this.reInvite({ direction: 'sendonly' })
  }

  unhold(): Promise<SipResponse> {
    return this.reInvite({ direction: 'sendrecv' })
  }

  /** Sends a key by INFO; see `voice.press` for RFC 4733. */
  info(digit: string): Promise<SipResponse> {
    return this.request('INFO', {
      headers: { 'Content-Type': 'application/dtmf-relay' },
      body: `Signal=${digit}\r\nDuration=160\r\n`,
    })
  }

  options(): Promise<SipResponse> {
    return this.request('OPTIONS')
  }

  refer(target: string): Promise<SipResponse> {
    return this.request('REFER', { headers: { 'Refer-To': `<${target}>`, Contact: this.#contact } })
  }

  /** Sends any request in the dialog. Resolves with its final response. */
  request(
    method: string,
    { headers = {}, body = '' }: { headers?: Record<string, string>; body?: string } = {},
  ): Promise<SipResponse> {
    return this.#send(this.#request(method, { headers, body }))
  }

  /** Falls silent as a phone does whose network is gone: nothing is sent or answered any more. */
  vanish(): void {
    this.#detach()
  }

  receive(request: SipRequest, _source: string, respond: Respond): void {
    this.requests.push(request)
    this.emit('request', request)
    if (request.method === 'ACK') return
    if (request.method === 'INVITE') return void this.#reInvited(request, respond)
    respond(responseTo(request, 200))
    if (request.method === 'BYE') this.#end({ by: 'service', reason: request.headers.get('Reason') })
  }

  hear(frame: Int16Array): void {
    if (this.#isOver || this.direction === 'sendonly' || this.direction === 'inactive') return
    this.voice.hear(frame)
  }

  nextFrame(): Int16Array | null {
    return this.#speaks ? this.voice.nextFrame() : null
  }

  nextDigit(): string | null {
    return this.#speaks ? this.voice.nextDigit() : null
  }

  get #speaks(): boolean {
    return !this.#isOver && this.direction === 'sendrecv'
  }

  #invite(headers: Record<string, string>): void {
    const { sdp, headers: extra = {} } = this.#options
    const body = sdp === null ? '' : (sdp ?? this.sdp)
    const request = this.#request('INVITE', { cseq: this.#cseq, headers: { ...extra, ...headers }, body })
    this.#branch = request.headers.get('Via')
    this.#network.send(request, {
      uri: `sip:${this.#server}`,
      from: this.address,
      respond: (response) => this.#answered(request, response),
    })
  }

  #answered(request: SipRequest, response: SipResponse): void {
    this.responses.push(response)
    const { credentials } = this.#options
    const { status, headers } = response
    const isChallenge = (status === 401 || status === 407) && !/authorization/i.test(fieldNames(request))
    if (status >= 300) this.#acknowledgeRefusal(request, response)
    if (isChallenge && credentials) {
      const [asked, answers] =
        status === 401
          ? ['WWW-Authenticate', 'Authorization']
          : (['Proxy-Authenticate', 'Proxy-Authorization'] as const)
      this.#cseq++
      this.#invite({ [answers]: digestAnswer(headers.get(asked), credentials, request) })
    } else if (status >= 200) this.#settled(response)
    this.emit('response', response)
  }

  #settled(response: SipResponse): void {
    if (response.status < 300) {
      this.#answer = response
      this.#to = response.headers.get('To')
      this.#target = uriOf(response.headers.get('Contact')) || this.#target
      this.#takeRemote(response.body)
      if (!this.#options.withholdsAck) this.ack()
    } else {
      this.#isOver = true
      this.#detach()
    }
    this.#finalResponse.resolve(response)
  }

  #acknowledgeRefusal(request: SipRequest, response: SipResponse): void {
    const ack = this.#request('ACK', {
      cseq: Number.parseInt(request.headers.get('CSeq'), 10),
      branch: request.headers.get('Via'),
      to: response.headers.get('To'),
    })
    this.#network.send(ack, { uri: `sip:${this.#server}`, from: this.address, respond: () => {} })
  }

  #reInvited(request: SipRequest, respond: Respond): void {
    const offer = request.body ? readSdp(request.body) : null
    if (offer) this.direction = answeringDirection(offer.direction)
    if (request.body) this.#takeRemote(request.body)
    this.#sdpVersion++
    respond(responseTo(request, 200, { headers: { Contact: this.#contact }, body: this.sdp }))
  }

  #takeRemote(sdp: string): void {
    this.#rtpTarget = readSdp(sdp)?.address ?? this.#rtpTarget
  }

  #end(end: CallEnd): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#detach()
    this.#ending.resolve(end)
    this.emit('ended', end)
  }

  #detach(): void {
    this.#network.detach(this)
    this.#network.closeRtp(this.rtpAddress)
  }

  /** Resolves with the final response. */
  #send(request: SipRequest): Promise<SipResponse> {
    return new Promise((resolve) => {
      const respond: Respond = (response) => {
        if (response.status >= 200) resolve(response)
      }
      this.#network.send(request, { uri: `sip:${this.#server}`, from: this.address, respond })
    })
  }

  #request(
    method: string,
    {
      headers = {},
      body = '',
      cseq,
      branch = '',
      to = this.#to,
    }: { headers?: Record<string, string>; body?: string; cseq?: number; branch?: string; to?: string } = {},
  ): SipRequest {
    if (cseq === undefined) this.#cseq++
    const { from } = this.#options
    const fields = SipHeaders.of({
      Via: branch || `SIP/2.0/UDP ${this.address};branch=z9hG4bK${randomBytes(6).toString('hex')};rport`,
      'Max-Forwards': 70,
      From: `<sip:${from}@${this.address.split(':')[0]}>;tag=${this.#tag}`,
      To: to,
      'Call-ID': this.callId,
      CSeq: `${cseq ?? this.#cseq} ${method}`,
      ...(method === 'INVITE' && { Contact: this.#contact }),
      'User-Agent': 'simulated-phone',
    })
    for (const [name, value] of Object.entries(headers)) fields.set(name, value)
    if (body.startsWith('v=0')) fields.set('Content-Type', 'application/sdp')
    return { method, uri: tagOf(to) ? this.#target : uriOf(to), headers: fields, body }
  }

  get #contact(): string {
    return `<sip:${this.#options.from}@${this.address}>`
  }
}

function fieldNames({ headers }: SipRequest): string {
  return headers.fields.map(([name]) => name).join(' ')
}
