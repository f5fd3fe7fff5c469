import { UA, WebSocketInterface } from 'jssip'
import type {
  EndEvent,
  IceCandidateEvent,
  IncomingInfoEvent,
  OutgoingInfoEvent,
  PeerConnectionEvent,
  RTCSession,
} from 'jssip/lib/RTCSession.js'
import type { Credentials } from './link-api.ts'

/** A server that is there answers at once. */
const CONNECT_MS = 10_000
/** Whoever can be reached at all has found an address of theirs by then; a STUN server that is away takes half a minute. */
const GATHER_MS = 1_000
const KEY_MS = 120

export type LineListener = {
  ringing(): void
  answered(): void
  /** How far the call is, as the service says it. */
  told(state: string): void
  offline(isOffline: boolean): void
  /** There was no call; null when it was called off by the caller. */
  failed(fault: string | null): void
  /** The call is over; null when it ended as calls do. */
  ended(fault: string | null): void
}

/** One call over SIP in a WebSocket (RFC 7118), and its sound over WebRTC. Placed at once; ends with `failed` or `ended`. */
export class SipLine {
  readonly #ua: UA
  readonly #microphone: MediaStream
  readonly #listener: LineListener
  readonly #iceServers: RTCIceServer[]
  readonly #target: string
  readonly #giveUp: ReturnType<typeof setTimeout>
  readonly #loudspeaker = new Audio()
  #session: RTCSession | null = null
  #isAnswered = false
  #isOver = false

  constructor(
    { url, user, password, iceServers }: Credentials,
    microphone: MediaStream,
    listener: LineListener,
  ) {
    const host = new URL(url).hostname
    this.#microphone = microphone
    this.#listener = listener
    this.#iceServers = iceServers
    // The link says who is called, whatever is dialled.
    this.#target = `sip:call@${host}`
    this.#loudspeaker.autoplay = true
    this.#ua = new UA({
      sockets: new WebSocketInterface(url),
      uri: `sip:${user}@${host}`,
      password,
      register: false,
      user_agent: 'precall-phone',
    })
    this.#ua.on('connected', () => this.#connected())
    this.#ua.on('disconnected', () => {
      if (!this.#isOver) listener.offline(true)
    })
    this.#giveUp = setTimeout(
      () => this.#end('The telephone line cannot be reached. Try again in a minute.'),
      CONNECT_MS,
    )
    this.#ua.start()
  }

  hangUp(): void {
    if (this.#session && !this.#session.isEnded()) this.#session.terminate()
    else this.#end(null)
  }

  mute(isMuted: boolean): void {
    if (isMuted) this.#session?.mute({ audio: true })
    else this.#session?.unmute({ audio: true })
  }

  /** As RTP events (RFC 4733) where the line has them, else as INFO. */
  press(key: string): void {
    if (!this.#session?.isEstablished()) return
    const sender = this.#session.connection.getSenders().find(({ dtmf }) => dtmf)
    if (sender?.dtmf?.canInsertDTMF) sender.dtmf.insertDTMF(sender.dtmf.toneBuffer + key, KEY_MS)
    else this.#session.sendDTMF(key, { duration: KEY_MS })
  }

  #connected(): void {
    if (this.#isOver) return
    this.#listener.offline(false)
    if (this.#session) return
    clearTimeout(this.#giveUp)
    this.#session = this.#ua.call(this.#target, {
      mediaStream: this.#microphone,
      mediaConstraints: { audio: true, video: false },
      pcConfig: { iceServers: this.#iceServers },
      eventHandlers: {
        peerconnection: (event: PeerConnectionEvent) => this.#listen(event),
        icecandidate: gatherNoLonger(),
        sending: () => this.#listener.ringing(),
        accepted: () => this.#accepted(),
        newInfo: (event: IncomingInfoEvent | OutgoingInfoEvent) => this.#told(event),
        failed: (event: EndEvent) => this.#end(wordsFor(event)),
        ended: (event: EndEvent) => this.#end(wordsFor(event)),
      },
    })
  }

  #listen({ peerconnection }: PeerConnectionEvent): void {
    peerconnection.addEventListener('track', ({ track, streams: [stream] }) => {
      this.#loudspeaker.srcObject = stream ?? new MediaStream([track])
      void this.#loudspeaker.play().catch(() => {})
    })
  }

  #accepted(): void {
    this.#isAnswered = true
    this.#listener.answered()
  }

  #told({ originator, info }: IncomingInfoEvent | OutgoingInfoEvent): void {
    if ((originator as string) !== 'remote' || info.contentType !== 'application/json') return
    const { state } = JSON.parse(info.body) as { state?: unknown }
    if (typeof state === 'string') this.#listener.told(state)
  }

  #end(fault: string | null): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#giveUp)
    this.#loudspeaker.srcObject = null
    for (const track of this.#microphone.getTracks()) track.stop()
    this.#ua.stop()
    if (this.#isAnswered) this.#listener.ended(fault)
    else this.#listener.failed(fault)
  }
}

/** Dials with the addresses that were found within a second of the first. */
function gatherNoLonger(): (event: IceCandidateEvent) => void {
  let isWaiting = false
  return ({ ready }) => {
    if (isWaiting) return
    isWaiting = true
    setTimeout(ready, GATHER_MS)
  }
}

/** Of final answers to the INVITE; what is not here is named by its number. */
const REFUSALS: Readonly<Record<number, string>> = {
  403: 'The service did not take the call: the link may have been used meanwhile.',
  407: 'The service did not take the call: it took too long to dial. Call again.',
  408: 'The service did not answer. Try again in a minute.',
  480: 'All lines are busy. Try again in a minute.',
  486: 'All lines are busy. Try again in a minute.',
  488: 'This browser and the service found no way to exchange sound. Try another browser.',
  503: 'All lines are busy. Try again in a minute.',
}

/** Null for an end that needs no words. The causes are those of JsSIP's Constants. */
function wordsFor({ originator, cause, message }: EndEvent): string | null {
  if ((originator as string) === 'local' && (cause === 'Canceled' || cause === 'Terminated')) return null
  switch (cause) {
    case 'Terminated':
      return null
    case 'Connection Error':
    case 'Request Timeout':
      return 'The connection to the telephone line broke. Are you online?'
    case 'RTP Timeout':
      return 'No sound came through: a firewall may be in the way. Try another network.'
    case 'WebRTC Error':
    case 'Bad Media Description':
      return REFUSALS[488] ?? null
  }
  const status = message && 'status_code' in message ? message.status_code : 0
  return REFUSALS[status] ?? `The call did not work (${status || cause}). Try again in a minute.`
}
