import type { Logger } from 'pino'
import { Backoff } from '../../runtime/backoff.ts'
import { loopDelay } from '../../runtime/loop-delay.ts'
import { withTimeout } from '../../runtime/with-timeout.ts'
import { createSrf, keepMessagesShort, type Srf, socketOf } from './drachtio.ts'

const FIRST_RETRY_MS = 250
/** Short enough that a server that is back takes calls soon, long enough not to storm it. */
const LONGEST_RETRY_MS = 2_000
/** A secret is mended by people. */
const LONGEST_RETRY_REFUSED_MS = 5_000

/** A connection may be open and deaf: it is asked this often whether it is heard. */
const LIFE_SIGN_MS = 5_000
/** drachtio-server answers in a millisecond. */
const ANSWER_MS = 4_000

const UNREACHABLE = 'drachtio-server cannot be reached'
const DEAF = 'drachtio-server does not answer'
const REFUSED = 'drachtio-server refuses DRACHTIO_SECRET'

/** A server that is away for longer has lost its dialogs, or its callers have given up theirs. */
const DIALOGS_OUTLIVE_MS = 10_000

export type SignallingOptions = {
  host: string
  port: number
  secret: string | null
  log: Logger
  /** Told at the start, and whenever it changes, whether the server is there and lets us in. */
  onUp?: (isUp: boolean) => void
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
  /** Until the server hangs up, which it does after a refusal: that is then no other fault. */
  #isRefused = false
  /** Why the last connection failed, such as ECONNREFUSED. */
  #code: string | undefined
  readonly #pauses = new Backoff({ firstMs: FIRST_RETRY_MS, longestMs: LONGEST_RETRY_REFUSED_MS })
  /** Calls off the giving up. */
  #stayPatient: (() => void) | null = null
  #nextQuestion: NodeJS.Timeout | null = null

  constructor(options: SignallingOptions) {
    this.#options = options
    this.srf.on('connect', (error: Error | null, hostport: string) => {
      this.#isRefused = error !== null
      if (error) this.#failed(REFUSED)
      else this.#connected(hostport)
    })
    // Without a listener the process would end; the reason is told once, by `close`.
    this.srf.on('error', ({ code }: NodeJS.ErrnoException) => {
      this.#code = code
    })
    this.srf.on('close', () => {
      if (!this.#isRefused) this.#failed(UNREACHABLE, this.#code)
      this.#isRefused = false
      this.#code = undefined
    })
    this.srf.app.on('reconnecting', () => this.#pause())
  }

  /** What keeps calls from coming in; null while nothing does. */
  get fault(): string | null {
    return this.#fault
  }

  start(): void {
    const { host, port, secret } = this.#options
    const reconnect = { retryMaxDelay: LONGEST_RETRY_MS }
    this.#options.onUp?.(false)
    this.srf.connect({ host, port, secret: secret ?? '', reconnect })
    keepMessagesShort(this.srf)
  }

  /** Ends the connection for good. */
  stop(): void {
    this.#stayPatient?.()
    if (this.#nextQuestion) clearTimeout(this.#nextQuestion)
    this.srf.removeAllListeners('close')
    const wp = this.srf.app.client?.wp
    // The library can only end a connection that it has; the next attempt has to be called off by hand.
    if (wp) wp.closing = true
    if (wp?.reconnectVars?.retryTimer) clearTimeout(wp.reconnectVars.retryTimer)
    if (socketOf(this.srf)) this.srf.disconnect()
  }

  #connected(hostport: string): void {
    this.#options.log.info({ hostport }, 'drachtio-server is connected')
    this.#stayPatient?.()
    this.#stayPatient = null
    this.#fault = null
    this.#pauses.reset()
    this.#options.onUp?.(true)
    if (this.#wasConnected) this.#options.onBack()
    this.#wasConnected = true
    this.#askAgain(addressIn(hostport))
  }

  #askAgain(address: string): void {
    if (this.#nextQuestion) clearTimeout(this.#nextQuestion)
    this.#nextQuestion = setTimeout(() => void this.#ask(address), LIFE_SIGN_MS)
  }

  /**
   * Sends a request to drachtio-server's own address: it goes through its SIP stack, which refuses to send it. Whatever it says
   * is a sign of life; where nothing comes, the connection is made anew, and with it whatever keeps the server from hearing us.
   */
  async #ask(address: string): Promise<void> {
    const asked = this.srf.request(`sip:${address}`, { method: 'OPTIONS' }).catch(() => {})
    try {
      await withTimeout(ANSWER_MS, asked, DEAF)
      if (this.#fault === null) this.#askAgain(address)
    } catch {
      if (this.#fault !== null) return
      this.#failed(DEAF)
      socketOf(this.srf)?.destroy()
    }
  }

  #failed(fault: string, code?: string): void {
    const { host, port, log } = this.#options
    if (this.#fault !== fault)
      log.warn({ drachtio: `${host}:${port}`, fault, code }, 'SIP calls cannot be taken; it is tried again')
    if (this.#fault === null) this.#options.onUp?.(false)
    this.#fault = fault
    if (!this.#wasConnected) return
    this.#stayPatient ??= loopDelay.after(DIALOGS_OUTLIVE_MS, () => this.#options.onLost())
  }

  /**
   * How long the next attempt waits. The library begins its pauses anew whenever there is a connection, and a server that
   * refuses the secret takes each of them: these grow until a login. It asks for the pause right after it has told of it.
   */
  #pause(): void {
    const reconnecting = this.srf.app.client?.wp.reconnectVars
    const longest = this.#fault === REFUSED ? LONGEST_RETRY_REFUSED_MS : LONGEST_RETRY_MS
    if (reconnecting) reconnecting.retryDelay = Math.min(this.#pauses.next(), longest)
  }
}

/** The first of what it says of itself, such as "udp/192.0.2.1:5060,tcp/192.0.2.1:5060". */
const addressIn = (hostport: string): string => /\/([^,]+)/.exec(hostport)?.[1] ?? '127.0.0.1'
