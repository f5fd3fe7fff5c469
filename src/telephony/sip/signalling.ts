import type { Logger } from 'pino'
import { createSrf, type Srf, socketOf } from './drachtio.ts'

/** Short enough that a server that is back takes calls soon, long enough not to storm it. */
const LONGEST_RETRY_MS = 2_000

/** A server that is away for longer has lost its dialogs, or its callers have given up theirs. */
const DIALOGS_OUTLIVE_MS = 10_000

export type SignallingOptions = {
  host: string
  port: number
  secret: string | null
  log: Logger
  /** The server is there again; dialogs from before may still be in it. */
  onBack: () => void
  /** The server has been away for so long that no dialog can have outlived it. */
  onLost: () => void
}

/** The connection to drachtio-server. It is made again whenever it breaks. */
export class Signalling {
  readonly srf: Srf = createSrf()
  readonly #options: SignallingOptions
  #fault: string | null = 'drachtio-server is not reached yet'
  #wasConnected = false
  #givingUp: NodeJS.Timeout | null = null

  constructor(options: SignallingOptions) {
    this.#options = options
    const { log } = options
    this.srf.on('connect', (error: Error | null, hostport: string) => {
      if (error) this.#failed('drachtio-server refuses DRACHTIO_SECRET')
      else this.#connected(hostport)
    })
    // Without a listener the process would end; the reason is told once, by `close`.
    this.srf.on('error', (error: NodeJS.ErrnoException) => log.debug({ code: error.code }, 'drachtio failed'))
    this.srf.on('close', () => this.#failed('drachtio-server is not reached'))
  }

  /** What keeps calls from coming in; null while nothing does. */
  get fault(): string | null {
    return this.#fault
  }

  start(): void {
    const { host, port, secret } = this.#options
    const reconnect = { retryMaxDelay: LONGEST_RETRY_MS }
    this.srf.connect({ host, port, secret: secret ?? '', reconnect })
  }

  /** Ends the connection for good. */
  stop(): void {
    if (this.#givingUp) clearTimeout(this.#givingUp)
    this.srf.removeAllListeners('close')
    const wp = this.srf.app.client?.wp
    // The library can only end a connection that it has; the next attempt has to be called off by hand.
    if (wp) wp.closing = true
    if (wp?.reconnectVars?.retryTimer) clearTimeout(wp.reconnectVars.retryTimer)
    if (socketOf(this.srf)) this.srf.disconnect()
  }

  #connected(hostport: string): void {
    this.#options.log.info({ hostport }, 'drachtio-server is connected')
    if (this.#givingUp) clearTimeout(this.#givingUp)
    this.#givingUp = null
    this.#fault = null
    if (this.#wasConnected) this.#options.onBack()
    this.#wasConnected = true
  }

  #failed(fault: string): void {
    if (this.#fault !== fault)
      this.#options.log.warn({ fault }, 'SIP calls cannot be taken; it is tried again')
    this.#fault = fault
    if (this.#wasConnected) this.#givingUp ??= setTimeout(() => this.#options.onLost(), DIALOGS_OUTLIVE_MS)
  }
}
