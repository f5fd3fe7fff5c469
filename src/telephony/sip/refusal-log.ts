import type { Logger } from 'pino'

const WINDOW_MS = 60_000
/** A trunk has a handful of addresses; a flood of scanners makes some forty lines a minute of it at most. */
const MAX_SOURCES = 20

export type Refusal = {
  address: string
  status: number
  /** As in the metric. */
  reason: string
}

const CHALLENGED = 'sip_challenged'
const WRONG = 'sip_wrong_password'
const STALE = 'sip_stale_password'

/** For those whose caller, or whose operator, may want to mend something. */
const WHY: Record<string, string> = {
  sip_forbidden: 'the address is no trunk’s, neither of SIP_TRUNKS nor of those set up in the console',
  [CHALLENGED]:
    'it was asked for a password and gave none; a trunk has to be in SIP_TRUNKS or set up in the console',
  [WRONG]: 'name or password is not one of SIP_USERS',
  sip_too_many_guesses:
    'too many wrong passwords came from it, or for this user; it may try again in a minute',
  sip_unknown_number: 'the number is not one of the trunk’s, or of SIP_NUMBERS',
  sip_link_used: 'the phone link that it calls by has been used: each is good for one call',
  sip_trunk_full: 'its trunk has as many calls as it may have at once',
  sip_trunk_rate: 'its trunk begins more calls a second than it may',
  sip_malformed: 'no address in Contact, or a From or To that cannot be read',
  sip_extension: 'it requires a SIP extension that is not known here',
  sip_too_large: 'its session description is longer than 8 kB',
  sip_no_codec: 'no codec in common, no audio, or no key (SRTP) that could be used',
  sip_srtp_off: 'it offers encrypted audio (SRTP) alone, and SIP_SRTP is off',
  sip_srtp_required:
    'SIP_SRTP is required, and it offers plain RTP, or brings its keys over a connection without TLS',
}

type Source = { refusal: Refusal; untold: number }

/**
 * Tells of callers who are refused: of each address and reason at once, then once a minute how often since. When more
 * addresses than a trunk has are refused within a minute, only the number of their requests is told.
 */
export class RefusalLog {
  readonly #log: Logger
  readonly #sources = new Map<string, Source>()
  #others = 0
  #timer: NodeJS.Timeout | null = null

  constructor(log: Logger) {
    this.#log = log
  }

  /** Every phone that has a password is asked for it first: who has given none within the minute is told of then. */
  refused(refusal: Refusal): void {
    const { address, reason } = refusal
    if (reason === WRONG || reason === STALE) this.authenticated(address)
    if (!WHY[reason]) return
    const source = this.#note(refusal)
    if (source && reason !== CHALLENGED) this.#tell(source)
  }

  /** The one at this address has given a password. */
  authenticated(address: string): void {
    this.#sources.delete(keyOf({ address, reason: CHALLENGED }))
  }

  /** The source, when it is a new one. */
  #note(refusal: Refusal): Source | null {
    this.#timer ??= setTimeout(() => this.#tellAll(), WINDOW_MS).unref()
    const known = this.#sources.get(keyOf(refusal))
    if (known) known.untold++
    else if (this.#sources.size >= MAX_SOURCES) this.#others++
    else {
      const source = { refusal, untold: 1 }
      this.#sources.set(keyOf(refusal), source)
      return source
    }
    return null
  }

  #tellAll(): void {
    for (const [key, source] of this.#sources) {
      if (source.untold > 0) this.#tell(source)
      else this.#sources.delete(key)
    }
    if (this.#others > 0)
      this.#log.info({ requests: this.#others }, 'SIP requests from elsewhere were refused')
    this.#others = 0
    this.#timer = this.#sources.size > 0 ? setTimeout(() => this.#tellAll(), WINDOW_MS).unref() : null
  }

  #tell(source: Source): void {
    const { refusal, untold: requests } = source
    this.#log.info({ ...refusal, why: WHY[refusal.reason], requests }, 'SIP requests were refused')
    source.untold = 0
  }
}

const keyOf = ({ address, reason }: Pick<Refusal, 'address' | 'reason'>): string => `${reason} ${address}`
