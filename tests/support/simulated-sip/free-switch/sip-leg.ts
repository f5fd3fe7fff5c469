import {
  type AudioDescription,
  answeringDirection,
  type Direction,
  hasFittingProfile,
  isHeard,
  readSdp,
  speaksTelephone,
  writeSdp,
} from '../sdp.ts'
import { responseTo, SipHeaders, type SipRequest, uriOf } from '../sip-message.ts'
import type { Respond } from '../sip-network.ts'
import { newTag } from '../tags.ts'
import { Channel, type ChannelHost } from './channel.ts'

export type SipLegOptions = {
  source: string
  /** What the app offered; null when it leaves the offer to the switch (3PCC). */
  offer: AudioDescription | null
  respond: Respond
  /** The switch's SIP address. */
  address: string
  host: ChannelHost
  /** The channel is answered, and its dialplan goes on. */
  onReady: () => void
  onHangUp: () => void
  /** Nothing more is to be said in this dialog. */
  onOver: () => void
}

const CODECS = ['PCMU', 'PCMA', 'telephone-event']

/** What a channel's variables say when the dialplan has done its part. */
const DIALPLAN_VARIABLES: Readonly<Record<string, string>> = {
  direction: 'inbound',
  dtmf_type: 'rfc2833',
  read_codec: 'PCMU',
  read_rate: '8000',
  write_codec: 'PCMU',
  write_rate: '8000',
  send_silence_when_idle: '-1',
  playback_terminators: 'none',
  hangup_after_bridge: 'false',
  park_after_bridge: 'true',
  endpoint_disposition: 'ANSWER',
  media_timeout: '300000',
  media_hold_timeout: '1800000',
}

/** The SIP side of a channel: mod_sofia with one profile. */
export class SipLeg {
  readonly channel: Channel
  readonly #invite: SipRequest
  readonly #options: SipLegOptions
  readonly #tag = newTag()
  /** No two sessions have the same. */
  readonly #session = Math.floor(Math.random() * 2 ** 31)
  #sdpVersion = 1
  #direction: Direction = 'sendrecv'
  #cseq = 0
  #isAnswered = false
  #isOver = false

  constructor(invite: SipRequest, options: SipLegOptions) {
    const { address, host, offer } = options
    this.#invite = invite
    this.#options = options
    const name = `sofia/drachtio_mrf/nobody@${options.source}`
    const rtpAddress = `${address.split(':')[0]}:${host.network.freePort()}`
    this.channel = new Channel(host, { name, rtpAddress, onHangUp: () => this.#hungUp() })
    this.#describe(offer)
    for (const [field, value] of invite.headers.fields)
      if (/^x-/i.test(field)) this.channel.variables.set(`sip_h_${field}`, value)
    const asked = invite.headers.get('X-Media-Timeout')
    if (/^\d+$/.test(asked)) this.channel.variables.set('media_timeout', asked)
    this.channel.fire('CHANNEL_CREATE')
  }

  answer(): void {
    if (this.#isOver) return
    this.#isAnswered = true
    const { respond, offer } = this.#options
    respond(responseTo(this.#invite, 200, { toTag: this.#tag, headers: this.#ownFields, body: this.#sdp }))
    if (offer) this.#ready()
  }

  receive(request: SipRequest, respond: Respond): void {
    if (request.method === 'ACK') this.#acknowledged(request)
    else if (request.method === 'CANCEL') this.#cancelled(request, respond)
    else if (request.method === 'INVITE') this.#reInvited(request, respond)
    else respond(responseTo(request, 200, { toTag: this.#tag }))
    if (request.method === 'BYE') this.#left()
  }

  /** Ends without a word to anybody. */
  die(): void {
    this.#isOver = true
    this.channel.vanish()
  }

  #left(): void {
    this.#over()
    this.channel.hangUp('NORMAL_CLEARING')
  }

  #ready(): void {
    this.channel.answer()
    this.#options.onReady()
  }

  /** In 3PCC the answer to our offer comes with the ACK. */
  #acknowledged({ body }: SipRequest): void {
    if (this.#options.offer || !body || this.channel.variables.has('switch_r_sdp')) return
    this.#takeRemote(body)
    this.#ready()
  }

  #cancelled(request: SipRequest, respond: Respond): void {
    respond(responseTo(request, this.#isAnswered ? 481 : 200, { toTag: this.#tag }))
    if (this.#isAnswered) return
    this.#over()
    this.#options.respond(responseTo(this.#invite, 487, { toTag: this.#tag }))
    this.channel.hangUp('ORIGINATOR_CANCEL')
  }

  #reInvited(request: SipRequest, respond: Respond): void {
    if (request.body && !(speaksTelephone(readSdp(request.body)) && hasFittingProfile(request.body))) {
      respond(responseTo(request, 488, { toTag: this.#tag }))
      return
    }
    if (request.body) this.#takeRemote(request.body)
    this.#sdpVersion++
    this.channel.variables.set('rtp_local_sdp_str', this.#sdp)
    respond(responseTo(request, 200, { toTag: this.#tag, headers: this.#ownFields, body: this.#sdp }))
  }

  #hungUp(): void {
    this.#options.onHangUp()
    if (this.#isOver || !this.#isAnswered) return
    this.#over()
    const { headers } = this.#invite
    const { address, host } = this.#options
    const target = uriOf(headers.get('Contact'))
    const bye: SipRequest = {
      method: 'BYE',
      uri: target,
      headers: SipHeaders.of({
        Via: `SIP/2.0/UDP ${address};branch=z9hG4bK${newTag()};rport`,
        'Max-Forwards': 70,
        From: `${headers.get('To')};tag=${this.#tag}`,
        To: headers.get('From'),
        'Call-ID': headers.get('Call-ID'),
        CSeq: `${++this.#cseq} BYE`,
        Reason: reasonOf(this.channel.cause ?? 'NORMAL_CLEARING'),
      }),
      body: '',
    }
    host.network.send(bye, { uri: target, from: address, respond: () => {} })
  }

  #over(): void {
    this.#isOver = true
    this.#options.onOver()
  }

  #takeRemote(sdp: string): void {
    const description = readSdp(sdp)
    if (!description) return
    this.#direction = answeringDirection(description.direction)
    if (isHeard(description.direction)) this.channel.unhold()
    else this.channel.hold()
    this.channel.remoteRtp = description.address
    this.channel.encryption = description.encryption
    this.channel.variables.set('switch_r_sdp', sdp)
    const [ip = '', port = ''] = description.address.split(':')
    this.channel.variables.set('remote_media_ip', ip)
    this.channel.variables.set('remote_media_port', port)
  }

  #describe(offer: AudioDescription | null): void {
    const { variables, rtpAddress } = this.channel
    if (offer) this.#takeRemote(this.#invite.body)
    const [ip = '', port = ''] = rtpAddress.split(':')
    variables.set('sip_user_agent', this.#invite.headers.get('User-Agent'))
    variables.set('sip_call_id', this.#invite.headers.get('Call-ID'))
    variables.set('rtp_local_sdp_str', this.#sdp)
    variables.set('local_media_ip', ip)
    variables.set('local_media_port', port)
    for (const [name, value] of Object.entries(DIALPLAN_VARIABLES)) variables.set(name, value)
    variables.set('uuid', this.channel.uuid)
    variables.set('call_uuid', this.channel.uuid)
    variables.set('socket_host', this.#invite.headers.get('X-esl-outbound'))
  }

  get #sdp(): string {
    const { rtpAddress } = this.channel
    return writeSdp({
      address: rtpAddress,
      codecs: this.#codecs,
      direction: this.#direction,
      encryption: this.channel.encryption,
      name: 'FreeSWITCH',
      session: this.#session,
      version: this.#sdpVersion,
    })
  }

  /** The first codec of the offer that the switch has, and keys if they were offered. */
  get #codecs(): string[] {
    const remote = readSdp(this.channel.variables.get('switch_r_sdp') ?? this.#invite.body)
    if (!remote) return CODECS
    const codec = remote.codecs.find((each) => /^(PCMU|PCMA|G722)$/i.test(each)) ?? 'PCMU'
    const keys = remote.codecs.filter((each) => /^telephone-event$/i.test(each))
    return [codec, ...keys]
  }

  get #ownFields(): Record<string, string> {
    return {
      Contact: `<sip:mod_sofia@${this.#options.address}>`,
      'User-Agent': 'FreeSWITCH-simulated',
      Allow: 'INVITE, ACK, BYE, CANCEL, OPTIONS, MESSAGE, INFO, UPDATE',
      Supported: 'timer, path, replaces',
    }
  }
}

/** Causes have numbers in ITU-T Q.850; FreeSWITCH's own are said to be of SIP. */
function reasonOf(cause: string): string {
  const numbers: Readonly<Record<string, string>> = {
    NORMAL_CLEARING: 'Q.850;cause=16',
    USER_BUSY: 'Q.850;cause=17',
    DESTINATION_OUT_OF_ORDER: 'Q.850;cause=27',
    SYSTEM_SHUTDOWN: 'SIP;cause=701',
  }
  return `${numbers[cause] ?? 'Q.850;cause=31'};text="${cause}"`
}
