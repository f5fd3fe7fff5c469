import { randomBytes } from 'node:crypto'
import Mrf from 'drachtio-fsmrf'
import type { Logger } from 'pino'
import { Backoff } from '../../runtime/backoff.ts'
import { awakeMs } from '../../runtime/loop-delay.ts'
import type { InviteOptions, Srf } from './drachtio.ts'
import {
  askFreeSwitch,
  type EventSocketAddress,
  FreeSwitchUnreachable,
  isOfTheSocket,
} from './event-socket.ts'
import { FORK_EVENTS, LegMedia } from './leg-media.ts'
import { type OfferTerms, TakenOffer } from './offer.ts'
import type { AudioReturn } from './stream-metadata.ts'

/** The profile of freeswitch-config/ and of the published image. */
export const PROFILE = 'drachtio_mrf'

const PAUSES = { firstMs: 250, longestMs: 5_000 }
/** A host that vanished closes no connection: it is asked this often whether it is there. */
const LIFE_SIGN_MS = 2_000
/** Callers of one that does not come back for this long hear nothing any more: their legs are taken to be lost. Our own stalls do not count. */
const VANISHED_MS = 2_000

/** Internals of the library that ending a connection for good takes. */
type Reconnecting = { closing?: boolean; reconnectVars?: { retryTimer: NodeJS.Timeout | null } }

export type FreeSwitchServerAddress = EventSocketAddress & {
  /** How long a caller who is not on hold may send nothing before their leg is ended; by default as the dialplan says. */
  silenceMs?: number
}

/** One FreeSWITCH: its event socket, which is connected anew whenever it breaks, and the endpoints on it. */
export class FreeSwitchServer {
  readonly #mrf: Mrf
  readonly #address: FreeSwitchServerAddress
  readonly #log: Logger
  #server: Mrf.MediaServer | null = null
  #audio: AudioReturn = 'stream'
  readonly #onUp: (isUp: boolean) => void
  #fault: string | null = 'FreeSWITCH is not reached yet'
  readonly #legs = new Set<LegMedia>()
  #opening = 0
  readonly #pauses = new Backoff(PAUSES)
  /** Null while it takes legs. */
  #awaySince: number | null = awakeMs()
  #stopped = false
  #timer: NodeJS.Timeout | null = null
  #working: Promise<void> = Promise.resolve()

  /** `onUp` is told at the start, and whenever it changes, whether this server takes legs. */
  constructor(
    srf: Srf,
    address: FreeSwitchServerAddress,
    log: Logger,
    onUp: (server: string, isUp: boolean) => void = () => {},
  ) {
    this.#onUp = (isUp) => onUp(this.name, isUp)
    this.#mrf = new Mrf(withLenientDialogs(srf) as never, { customEvents: [...FORK_EVENTS] })
    this.#address = address
    this.#log = log.child({ freeSwitch: `${address.host}:${address.port}` })
  }

  /** What keeps it from taking legs; null while nothing does. */
  get fault(): string | null {
    return this.#fault
  }

  /** Whether it was there until a moment ago, so that it may well be back in another. */
  get isMissed(): boolean {
    return this.#awaySince !== null && awakeMs() - this.#awaySince < VANISHED_MS
  }

  /** How many calls it has, be they ours or another process's, as far as is known. */
  get load(): number {
    return Math.max(this.#legs.size + this.#opening, this.#server?.currentSessions ?? 0)
  }

  start(): void {
    this.#onUp(false)
    this.#working = this.#connect()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    if (this.#timer) clearTimeout(this.#timer)
    await this.#working
    this.#retire()
  }

  /** Makes an endpoint for a caller who offers this SDP; for one without an offer, an endpoint that makes one. */
  async open(remoteSdp: string, terms: OfferTerms): Promise<LegMedia> {
    if (!this.#server) throw new Error(this.#fault ?? 'FreeSWITCH is not connected')
    this.#opening++
    try {
      const offer = offerTaken(remoteSdp, terms)
      // For the dialplan in freeswitch-config/.
      const { silenceMs } = this.#address
      const headers: Record<string, string> = silenceMs ? { 'X-Media-Timeout': `${silenceMs}` } : {}
      const endpoint = await this.#server.createEndpoint(
        offer ? { remoteSdp: pastTheLibrary(offer.forwarded), headers } : { headers },
      )
      const media = new LegMedia(endpoint, {
        server: this.name,
        audio: this.#audio,
        log: this.#log,
        isWideband: terms.isWideband,
        codecs: terms.codecs ?? [],
        offer,
      })
      this.#legs.add(media)
      void media.gone.then(() => this.#legs.delete(media))
      return media
    } finally {
      this.#opening--
    }
  }

  /** Ends a channel that another process left; resolves when it is gone, or nobody can tell. */
  async kill(channel: string): Promise<void> {
    await askFreeSwitch(this.#address, [`uuid_kill ${channel}`])
  }

  is(name: string): boolean {
    return name === this.name
  }

  get name(): string {
    return `${this.#address.host}:${this.#address.port}`
  }

  /** First asks for what the library takes for granted: it would end the process where a profile is missing. */
  async #connect(): Promise<void> {
    try {
      const { answers, localAddress } = await askFreeSwitch(this.#address, [
        'sofia status',
        'uuid_audio_fork',
      ])
      const [profiles = '', fork = ''] = answers
      if (!profiles.includes(PROFILE)) throw new Error(`FreeSWITCH has no SIP profile ${PROFILE}`)
      if (!fork.startsWith('-USAGE')) throw new Error('FreeSWITCH has no mod_audio_fork')
      this.#audio = fork.includes('bidirectionalAudio') ? 'stream' : 'files'
      const { host: address, port, secret } = this.#address
      this.#use(
        await this.#mrf.connect({
          address,
          port,
          secret: secret ?? '',
          profile: PROFILE,
          // What FreeSWITCH is reached from is what it can reach: no setting could know better.
          listenAddress: localAddress,
          advertisedAddress: localAddress,
        }),
      )
    } catch (error) {
      this.#failed(error)
    }
  }

  #use(server: Mrf.MediaServer): void {
    this.#server = server
    this.#fault = null
    this.#pauses.reset()
    this.#onUp(true)
    this.#awaySince = null
    this.#log.info({ audio: this.#audio }, 'FreeSWITCH is connected')
    // Commands are a few bytes each: without this they wait 40 ms for each other's acknowledgement.
    server.conn.socket?.setNoDelay(true)
    withoutDelay(server)
    answering(server)
    server.on('error', () => this.#lost(server, 'the connection to FreeSWITCH broke'))
    server.on('end', () => this.#lost(server, 'FreeSWITCH closed its event socket'))
    if (this.#stopped) this.#retire()
    else this.#timer = setTimeout(() => this.#watch(), LIFE_SIGN_MS)
  }

  #watch(): void {
    this.#working = askFreeSwitch(this.#address, []).then(
      () => {
        if (!this.#stopped && this.#server) this.#timer = setTimeout(() => this.#watch(), LIFE_SIGN_MS)
      },
      (error: unknown) => {
        if (this.#server) this.#lost(this.#server, error)
      },
    )
  }

  #lost(server: Mrf.MediaServer, error: unknown): void {
    if (server !== this.#server) return
    this.#retire()
    this.#failed(error)
  }

  #failed(error: unknown): void {
    if (this.#stopped) return
    const { message: fault, code } = faultOf(error)
    if (this.#fault !== fault) this.#log.warn({ fault, code }, 'FreeSWITCH takes no calls; it is tried again')
    if (this.#fault === null) this.#onUp(false)
    this.#fault = fault
    this.#awaySince ??= awakeMs()
    if (!this.isMissed) for (const leg of this.#legs) leg.abandon()
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#working = this.#connect()
    }, this.#pauses.next())
  }

  /**
   * Gives the connection up. The library would connect again by itself, but then takes answers for those of commands
   * that were lost with the old connection; each connection is a new one instead. Endpoints have their own.
   */
  #retire(): void {
    const server = this.#server
    this.#server = null
    if (!server) return
    const conn = server.conn as Mrf.EslConnection & Reconnecting
    conn.closing = true
    if (conn.reconnectVars?.retryTimer) clearTimeout(conn.reconnectVars.retryTimer)
    server.removeAllListeners()
    server.on('error', () => {})
    server.disconnect()
  }
}

/** In words that name no address, for they are open to all. */
function faultOf(error: unknown): { message: string; code?: string | undefined } {
  if (isOfTheSocket(error)) return new FreeSwitchUnreachable(error)
  return error instanceof Error ? error : { message: String(error) }
}

/** Null where FreeSWITCH is to make an offer, which is one of plain RTP. Where that will not do, it answers one of ours. */
function offerTaken(remoteSdp: string, terms: OfferTerms): TakenOffer | null {
  if (remoteSdp) return new TakenOffer(remoteSdp, terms)
  return terms.encryptions.includes('none') ? null : new TakenOffer(offerOfNobody(), terms)
}

/** Of somebody at the discard port, until the caller says who they are. */
const offerOfNobody = (): string =>
  [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    'm=audio 9 RTP/SAVP 0 101',
    `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${randomBytes(30).toString('base64')}`,
    'a=rtpmap:101 telephone-event/8000',
    '',
  ].join('\r\n')

/**
 * drachtio-fsmrf 5.0.1 takes every SAVP for DTLS, and wants the caller answered before it makes an endpoint: else, it says,
 * the handshake would be waited for, which is not so (FreeSWITCH 1.10 answers, and connects, before it). It looks for capital
 * letters; FreeSWITCH reads either.
 */
const pastTheLibrary = (sdp: string): string => sdp.replace(/^(m=audio .*)SAVP/m, '$1savp')

/**
 * drachtio-fsmrf 5.0.1 hangs up on a channel that did not call back in time, and leaves the outcome to nobody
 * (lib/mediaserver.js:285): where FreeSWITCH has ended the channel itself, the rejection would end the process.
 */
function withLenientDialogs(srf: Srf): Srf {
  const createUAC = async (uri: string, options: InviteOptions) => {
    const dialog = await srf.createUAC(uri, options)
    const destroy = dialog.destroy.bind(dialog)
    dialog.destroy = (...how) => {
      const destroyed = destroy(...how)
      void Promise.resolve(destroyed).catch(() => {})
      return destroyed
    }
    return dialog
  }
  return Object.create(srf, { createUAC: { value: createUAC } }) as Srf
}

type CallingBack = {
  _server: {
    on(event: 'connection::open' | 'connection::ready', listener: (conn: Mrf.EslConnection) => void): void
  }
}

/** The same for the connections on which FreeSWITCH calls back. */
function withoutDelay(server: Mrf.MediaServer): void {
  const { _server } = server as unknown as CallingBack
  _server.on('connection::open', (conn) => conn.socket?.setNoDelay(true))
}

/** Where the dialplan leaves the answer to us, it waits for the handshake of a caller whom nobody has answered yet. */
function answering(server: Mrf.MediaServer): void {
  const { _server } = server as unknown as CallingBack
  _server.on('connection::ready', (conn) => {
    const offer = conn.getInfo().getHeader('variable_switch_r_sdp')
    if (offer?.includes('a=fingerprint:')) conn.execute('answer')
  })
}
