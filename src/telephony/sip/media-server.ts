import Mrf from 'drachtio-fsmrf'
import type { Logger } from 'pino'
import { inOrder } from './codec-order.ts'
import type { Srf } from './drachtio.ts'
import {
  askFreeSwitch,
  type EventSocketAddress,
  FreeSwitchUnreachable,
  isOfTheSocket,
} from './event-socket.ts'
import { FORK_EVENTS, LegMedia } from './leg-media.ts'
import type { AudioReturn } from './stream-metadata.ts'

/** The profile of freeswitch-config/ and of the published image. */
export const PROFILE = 'drachtio_mrf'

const FIRST_RETRY_MS = 250
const LONGEST_RETRY_MS = 5_000
/** A host that vanished closes no connection: it is asked this often whether it is there. */
const LIFE_SIGN_MS = 2_000
/** Callers of one that does not come back for this long hear nothing any more: their legs are taken to be lost. */
const VANISHED_MS = 2_000

/** Internals of the library that ending a connection for good takes. */
type Reconnecting = { closing?: boolean; reconnectVars?: { retryTimer: NodeJS.Timeout | null } }

/** One FreeSWITCH: its event socket, which is connected anew whenever it breaks, and the endpoints on it. */
export class MediaServer {
  readonly #mrf: Mrf
  readonly #address: EventSocketAddress
  readonly #log: Logger
  #server: Mrf.MediaServer | null = null
  #audio: AudioReturn = 'stream'
  readonly #onUp: (isUp: boolean) => void
  #fault: string | null = 'FreeSWITCH is not reached yet'
  readonly #legs = new Set<LegMedia>()
  #opening = 0
  #failingSince: number | null = null
  #stopped = false
  #timer: NodeJS.Timeout | null = null
  #working: Promise<void> = Promise.resolve()

  /** `onUp` is told at the start, and whenever it changes, whether this server takes legs. */
  constructor(
    srf: Srf,
    address: EventSocketAddress,
    log: Logger,
    onUp: (server: string, isUp: boolean) => void = () => {},
  ) {
    this.#onUp = (isUp) => onUp(this.name, isUp)
    this.#mrf = new Mrf(srf as never, { customEvents: [...FORK_EVENTS] })
    this.#address = address
    this.#log = log.child({ freeSwitch: `${address.host}:${address.port}` })
  }

  /** What keeps it from taking legs; null while nothing does. */
  get fault(): string | null {
    return this.#fault
  }

  /** How many calls it has, be they ours or another process's, as far as is known. */
  get load(): number {
    return Math.max(this.#legs.size + this.#opening, this.#server?.currentSessions ?? 0)
  }

  start(): void {
    this.#onUp(false)
    this.#working = this.#connect(FIRST_RETRY_MS)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    if (this.#timer) clearTimeout(this.#timer)
    await this.#working
    this.#retire()
  }

  /**
   * Makes an endpoint for a caller who offers this SDP; for one without an offer, an endpoint that makes one.
   * `isWideband`: which codecs it takes before others.
   */
  async open(remoteSdp: string, isWideband: boolean): Promise<LegMedia> {
    if (!this.#server) throw new Error(this.#fault ?? 'FreeSWITCH is not connected')
    this.#opening++
    try {
      const endpoint = await this.#server.createEndpoint(
        remoteSdp ? { remoteSdp: inOrder(remoteSdp, isWideband) } : {},
      )
      const media = new LegMedia(endpoint, {
        ...{ server: this.name, audio: this.#audio, isWideband, log: this.#log },
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
  async #connect(retryMs: number): Promise<void> {
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
          ...{ address, port, secret: secret ?? '', profile: PROFILE },
          // What FreeSWITCH is reached from is what it can reach: no setting could know better.
          ...{ listenAddress: localAddress, advertisedAddress: localAddress },
        }),
      )
    } catch (error) {
      this.#failed(error, retryMs)
    }
  }

  #use(server: Mrf.MediaServer): void {
    this.#server = server
    this.#fault = null
    this.#onUp(true)
    this.#failingSince = null
    this.#log.info({ audio: this.#audio }, 'FreeSWITCH is connected')
    // Commands are a few bytes each: without this they wait 40 ms for each other's acknowledgement.
    server.conn.socket?.setNoDelay(true)
    withoutDelay(server)
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
    this.#failed(error, FIRST_RETRY_MS)
  }

  #failed(error: unknown, retryMs: number): void {
    if (this.#stopped) return
    const { message: fault, code } = faultOf(error)
    if (this.#fault !== fault) this.#log.warn({ fault, code }, 'FreeSWITCH takes no calls; it is tried again')
    if (this.#fault === null) this.#onUp(false)
    this.#fault = fault
    this.#failingSince ??= Date.now()
    if (Date.now() - this.#failingSince >= VANISHED_MS) for (const leg of this.#legs) leg.abandon()
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#working = this.#connect(Math.min(retryMs * 2, LONGEST_RETRY_MS))
    }, retryMs)
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

type CallingBack = {
  _server: { on(event: 'connection::open', listener: (conn: Mrf.EslConnection) => void): void }
}

/** The same for the connections on which FreeSWITCH calls back. */
function withoutDelay(server: Mrf.MediaServer): void {
  const { _server } = server as unknown as CallingBack
  _server.on('connection::open', (conn) => conn.socket?.setNoDelay(true))
}
