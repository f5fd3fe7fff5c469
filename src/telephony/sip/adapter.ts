import type { Logger } from 'pino'
import type { TrunkRegister } from '../../calls/trunk-ports.ts'
import type { Country } from '../../numbers/phone-numbers.ts'
import { withTimeout } from '../../runtime/with-timeout.ts'
import { endAbandonedLegs } from './abandoned-legs.ts'
import { InviteAuthorizer, srtpOf } from './admission.ts'
import { sayByeIn } from './bye.ts'
import { Digest, type SipUser } from './digest.ts'
import { type SipDialog, socketOf } from './drachtio.ts'
import { FreeSwitchServers } from './free-switch-servers.ts'
import type { SrtpPolicy } from './media-encryption.ts'
import { Signalling } from './signalling.ts'
import type { LegCalls, LegRegister, LinkCallers, Relays, Sounds } from './sip-ports.ts'
import { Switchboard } from './switchboard.ts'
import { HostResolver, systemDns } from './trunks/host-resolver.ts'
import { TrunkDirectory } from './trunks/trunk-directory.ts'
import { TrunkKeeper } from './trunks/trunk-keeper.ts'
import { TrunkPlaces } from './trunks/trunk-places.ts'
import { TrunkWatch } from './trunks/trunk-watch.ts'

export type SipOptions = {
  drachtio: { host: string; port: number; secret: string | null }
  freeswitch: { servers: readonly { host: string; port: number }[]; secret: string | null }
  /** How long a caller who is not on hold may send nothing. */
  silenceMs: number
  /** CIDRs whose calls are taken as those of one trunk, beside the stored ones. */
  trunks: readonly string[]
  trunkRegister: TrunkRegister
  users: readonly SipUser[]
  /** Who may call once, from a browser; null for nobody. */
  links: LinkCallers | null
  /** To whom a trunk may have calls put through; null means nobody. */
  transferNumbers: readonly string[] | null
  /** Whether callers' audio is to be encrypted. */
  srtp: SrtpPolicy
  numbers: readonly string[] | null
  /** A number's one spelling; null as its country for DEFAULT_COUNTRY. */
  canonical: (spelling: string, country: Country | null) => string
  calls: LegCalls
  register: LegRegister
  sounds: Sounds
  relays: Relays
  isDraining: () => boolean
  onRejected: (reason: string) => void
  onAnswered: (seconds: number) => void
  /** Told at the start, and whenever it changes, whether a server is there and lets us in. */
  onServer: (server: SipServer, isUp: boolean) => void
  log: Logger
}

/** `address` is host:port, as in the settings. */
type SipServer = { server: 'drachtio' | 'freeswitch'; address: string }

/** A caller whose process was killed hears silence for about this long. */
const SWEEP_MS = 1_000
/** BYE and the end of the media of every leg, generously. */
const LAST_WORDS_MS = 8_000

/** Everything that joins SIP callers to this service: what takes their calls, and holds their legs. */
export class SipAdapter {
  readonly #options: SipOptions
  readonly #signalling: Signalling
  readonly #servers: FreeSwitchServers
  readonly #switchboard: Switchboard
  readonly #trunks: TrunkWatch
  #sweeping: Promise<void> = Promise.resolve()
  #nextSweep: NodeJS.Timeout | null = null
  #isStopped = false
  /** The dialogs that could not be ended while drachtio-server was away. */
  readonly #owedByes = new Set<SipDialog>()

  constructor(options: SipOptions) {
    const { drachtio, freeswitch, trunks, users, links, onServer, log } = options
    this.#options = options
    this.#signalling = new Signalling({
      ...drachtio,
      log,
      onUp: (isUp) => onServer({ server: 'drachtio', address: `${drachtio.host}:${drachtio.port}` }, isUp),
      onBack: () => this.#resume(),
      onLost: () => void this.#switchboard.endAll('signalling-lost'),
    })
    const { srf } = this.#signalling
    const { silenceMs } = options
    const addresses = freeswitch.servers.map((server) => ({
      ...server,
      secret: freeswitch.secret,
      silenceMs,
    }))
    this.#servers = new FreeSwitchServers(srf, addresses, log, (address, isUp) =>
      onServer({ server: 'freeswitch', address }, isUp),
    )
    const digest = users.length > 0 || links ? new Digest(users, drachtio.secret) : null
    const directory = new TrunkDirectory(trunks, options.canonical)
    const resolver = new HostResolver({ dns: systemDns, log })
    const kept = { register: options.trunkRegister, resolver, log }
    const keeper = new TrunkKeeper({ ...kept, srf, canSend: () => this.#signalling.fault === null })
    this.#trunks = new TrunkWatch({ ...kept, directory, keeper })
    const authorizer = new InviteAuthorizer({ trunks: directory, digest, links })
    this.#switchboard = new Switchboard({
      ...options,
      srf,
      servers: this.#servers,
      authorizer,
      places: new TrunkPlaces(kept),
      srtpOf: (caller) => srtpOf(caller, options.srtp),
      onUnsaidBye: (dialog) => this.#oweBye(dialog),
    })
  }

  /** `ok`, or all that keeps calls from coming in. */
  get health(): string {
    const faults = [this.#signalling.fault, this.#servers.fault]
    return faults.filter((fault) => fault !== null).join('; ') || 'ok'
  }

  get liveLegs(): number {
    return this.#switchboard.liveLegs
  }

  /** Begins to connect, and returns at once: the servers may come later. */
  start(): void {
    this.#servers.start()
    this.#sweep()
    // A trunk that calls before it is known would be refused as a stranger.
    void this.#trunks.start().then(() => {
      if (!this.#isStopped) this.#signalling.start()
    })
  }

  /** Ends the legs that are left and lets go of the servers. */
  async stop(): Promise<void> {
    this.#isStopped = true
    if (this.#nextSweep) clearTimeout(this.#nextSweep)
    // What cannot be written now is found by others: the legs are still registered, and so are the trunks.
    const toldOthers = Promise.all([this.#trunks.stop(), this.#sweeping])
    await withTimeout(LAST_WORDS_MS, this.#switchboard.endAll('holder-lost'), '').catch(() => {})
    await withTimeout(LAST_WORDS_MS, toldOthers, '').catch(() => {})
    await this.#servers.stop()
    this.#signalling.stop()
  }

  /** Looks now and then for the legs of processes that are gone; whoever noticed that they are may hold no legs itself. */
  #sweep(): void {
    const { register, calls, log } = this.#options
    const { srf, fault } = this.#signalling
    this.#sweeping =
      fault === null
        ? endAbandonedLegs({ srf, servers: this.#servers, register, calls, log }).catch((error: unknown) =>
            log.warn({ err: error }, 'looking for abandoned legs failed; it is tried again'),
          )
        : Promise.resolve()
    void this.#sweeping.then(() => {
      if (!this.#isStopped) this.#nextSweep = setTimeout(() => this.#sweep(), SWEEP_MS)
    })
  }

  #oweBye(dialog: SipDialog): void {
    this.#owedByes.add(dialog)
    if (this.#signalling.fault === null) this.#sayOwedByes()
  }

  #sayOwedByes(): void {
    for (const dialog of this.#owedByes) void sayByeIn(this.#signalling.srf, dialog).catch(() => {})
    this.#owedByes.clear()
  }

  #resume(): void {
    this.#sayOwedByes()
    const socket = socketOf(this.#signalling.srf)
    if (socket) for (const leg of this.#switchboard.legs) void leg.resume(socket)
  }
}
