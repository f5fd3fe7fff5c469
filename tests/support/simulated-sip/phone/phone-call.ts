import { EventEmitter } from 'node:events'
import type { Direction, SimulatedEncryption } from '../sdp.ts'
import { numberOf, responseTo, SipHeaders, type SipRequest, type SipResponse } from '../sip-message.ts'
import type { Respond, SipNetwork } from '../sip-network.ts'
import { newTag } from '../tags.ts'
import { CallAudio } from './call-audio.ts'
import type { ScriptedVoice } from './scripted-voice.ts'

export type CallEnd = { by: 'phone' | 'service'; reason: string }

type Events = { response: [SipResponse]; request: [SipRequest]; ended: [CallEnd] }

/** Who speaks in a dialog, and to whom. */
export type DialogNames = {
  callId: string
  /** Our From and To, each with its tag once there is one. */
  local: string
  remote: string
  /** The request URI, and the URI of whoever requests are sent to. */
  target: string
  route: string
}

/** What a request says beyond what every one says. */
type RequestParts = {
  headers?: Record<string, string>
  body?: string
  cseq?: number
  via?: string
  remote?: string
}

/**
 * A phone's side of a call, led by hand. It does what any phone would: it acknowledges, answers BYE, re-INVITE, NOTIFY,
 * OPTIONS and INFO with 200, and sends and plays audio as the session descriptions say.
 */
export abstract class PhoneCall extends EventEmitter<Events> {
  /** "host:port" of its SIP. */
  readonly address: string
  /** Every request of the service, in order. */
  readonly requests: SipRequest[] = []
  /** While true, a BYE is not answered before `answerBye` is called. */
  withholdsBye = false
  /** Resolves when the call is over after it was answered. */
  readonly ended: Promise<CallEnd>
  protected readonly network: SipNetwork
  protected readonly audio: CallAudio
  protected readonly names: DialogNames
  readonly #user: string
  readonly #transport: string
  readonly #ending = Promise.withResolvers<CallEnd>()
  #cseq = 1
  #isOver = false
  #owedBye: (() => void) | null = null

  constructor(
    network: SipNetwork,
    {
      address,
      user,
      names,
      codecs,
      encryption,
      transport = 'UDP',
    }: {
      address: string
      user: string
      names: DialogNames
      codecs?: readonly string[] | undefined
      encryption?: SimulatedEncryption | undefined
      transport?: string | undefined
    },
  ) {
    super()
    this.address = address
    this.network = network
    this.names = names
    this.#user = user
    this.#transport = transport
    this.audio = new CallAudio(`${address.split(':')[0]}:${network.freePort()}`, codecs, encryption)
    this.ended = this.#ending.promise
    network.openRtp(this.audio.address, this.audio)
  }

  get callId(): string {
    return this.names.callId
  }

  get rtpAddress(): string {
    return this.audio.address
  }

  /** What is said and heard. */
  get voice(): ScriptedVoice {
    return this.audio.voice
  }

  get direction(): Direction {
    return this.audio.direction
  }

  /** The session as this phone describes it. */
  get sdp(): string {
    return this.audio.sdp
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Sends and hears its audio at another port from now on, as behind a NAT that has forgotten the first one; nobody is told. */
  moveAudio(): void {
    this.network.closeRtp(this.rtpAddress)
    this.audio.address = `${this.rtpAddress.split(':')[0]}:${this.network.freePort()}`
    this.network.openRtp(this.audio.address, this.audio)
  }

  /** Sends and hears no audio from now on, as behind a firewall that lets SIP through alone. */
  closeAudio(): void {
    this.network.closeRtp(this.rtpAddress)
  }

  /** Hangs up. Resolves with the response to the BYE. */
  bye(): Promise<SipResponse> {
    const response = this.request('BYE')
    this.end({ by: 'phone', reason: 'BYE' })
    return response
  }

  /** Changes the session, or refreshes it with the same description, and acknowledges. Resolves with the final response. */
  async reInvite({
    direction = this.direction,
    codecs,
    sdp,
    headers,
  }: {
    direction?: Direction
    codecs?: readonly string[]
    /** `null` for one without an offer: the answer then goes with the ACK. */
    sdp?: string | null
    headers?: Record<string, string>
  } = {}): Promise<SipResponse> {
    this.audio.change(direction, codecs)
    const request = this.compose('INVITE', { headers, body: sdp === null ? '' : (sdp ?? this.sdp) })
    const response = await this.transact(request)
    this.sendAck(numberOf(request), sdp === null && response.status === 200 ? this.sdp : '')
    if (response.status === 200) this.audio.takeAnswer(response.body)
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
    return this.request('REFER', { headers: { 'Refer-To': `<${target}>`, Contact: this.contact } })
  }

  /** Sends any request in the dialog. Resolves with its final response. */
  request(
    method: string,
    parts: { headers?: Record<string, string>; body?: string } = {},
  ): Promise<SipResponse> {
    return this.transact(this.compose(method, parts))
  }

  /** Whether the service has hung up and waits for the answer. */
  get owesBye(): boolean {
    return this.#owedBye !== null
  }

  /** Answers a BYE that was withheld. */
  answerBye(): void {
    this.#owedBye?.()
    this.#owedBye = null
  }

  receive(request: SipRequest, _source: string, respond: Respond): void {
    this.requests.push(request)
    this.emit('request', request)
    if (request.method === 'INVITE') this.#reInvited(request, respond)
    else if (request.method === 'BYE') this.#hungUpOn(request, respond)
    else if (request.method !== 'ACK') respond(responseTo(request, 200))
  }

  protected get contact(): string {
    return `<sip:${this.#user}@${this.address}>`
  }

  /** A request in the dialog, with the next number unless another is given. */
  protected compose(
    method: string,
    {
      headers = {},
      body = '',
      cseq = ++this.#cseq,
      via = this.#newVia(),
      remote = this.names.remote,
    }: RequestParts = {},
  ): SipRequest {
    const fields = SipHeaders.of({
      Via: via,
      'Max-Forwards': 70,
      From: this.names.local,
      To: remote,
      'Call-ID': this.callId,
      CSeq: `${cseq} ${method}`,
      ...(method === 'INVITE' && { Contact: this.contact }),
      'User-Agent': 'simulated-phone',
      ...(body.startsWith('v=0') && { 'Content-Type': 'application/sdp' }),
    })
    for (const [name, value] of Object.entries(headers)) fields.set(name, value)
    return { method, uri: this.names.target, headers: fields, body }
  }

  protected send(request: SipRequest, respond: Respond = () => {}): void {
    this.network.send(request, { uri: this.names.route, from: this.address, respond })
  }

  /** Resolves with the final response. */
  protected transact(request: SipRequest): Promise<SipResponse> {
    return new Promise((resolve) => {
      this.send(request, (response) => {
        if (response.status >= 200) resolve(response)
      })
    })
  }

  protected sendAck(cseq: number, body = ''): void {
    this.send(this.compose('ACK', { cseq, body }))
  }

  /** The one end of a call that was answered. */
  protected end(end: CallEnd): void {
    if (this.#isOver) return
    this.release()
    this.#ending.resolve(end)
    this.emit('ended', end)
  }

  /** Nothing more is heard, said or expected. */
  protected release(): void {
    this.#isOver = true
    this.audio.close()
    this.network.closeRtp(this.audio.address)
  }

  #hungUpOn(request: SipRequest, respond: Respond): void {
    this.#owedBye = () => {
      respond(responseTo(request, 200))
      this.end({ by: 'service', reason: request.headers.get('Reason') })
    }
    if (!this.withholdsBye) this.answerBye()
  }

  #reInvited(request: SipRequest, respond: Respond): void {
    if (request.body) this.audio.takeOffer(request.body)
    respond(responseTo(request, 200, { headers: { Contact: this.contact }, body: this.sdp }))
  }

  #newVia(): string {
    return `SIP/2.0/${this.#transport} ${this.address};branch=z9hG4bK${newTag()};rport`
  }
}
