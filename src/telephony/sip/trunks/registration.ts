import type { Logger } from 'pino'
import type { RegistrationNews, TrunkRegistration, TrunkSettings } from '../../../calls/trunk-ports.ts'
import { Backoff } from '../../../runtime/backoff.ts'
import { withTimeout } from '../../../runtime/with-timeout.ts'
import type { SipResponse, Srf } from '../drachtio.ts'
import { askServer, domainOfServer, statusWords } from './ask-server.ts'
import { newTag } from './new-tag.ts'

/*
 * A trunk at whose provider we register (RFC 3261 §10): the provider sends its calls to the Contact that we name, as long as
 * we say so again before the time that it grants is over.
 */

/** Of the time that is granted: what is left is for tries that fail. */
const REFRESH_AT = 0.8
const SHORTEST_REFRESH_MS = 1_000
const PAUSES = { firstMs: 2_000, longestMs: 120_000 }
/** Whoever sends a wrong password often is locked out; a person who corrects it is not kept waiting. */
const PAUSES_REFUSED = { firstMs: 60_000, longestMs: 1_800_000 }
const LONGEST_RETRY_AFTER_S = 3_600
/** Nothing is lost by saying it again each day. */
const LONGEST_REFRESH_MS = 86_400_000
/** Taking it back delays whoever stops this process. */
const TAKING_BACK_MS = 1_500

export type RegistrationOptions = {
  srf: Srf
  trunk: TrunkSettings & { registration: TrunkRegistration }
  tell: (news: RegistrationNews) => void
  log: Logger
}

export class Registration {
  readonly #options: RegistrationOptions
  /** One for all requests, so that the registrar knows which came later (§10.2). */
  readonly #callId = `${newTag()}${newTag()}`
  readonly #fromTag = newTag()
  #cseq = 0
  #expiresSeconds: number
  #failures = 0
  readonly #pauses = new Backoff(PAUSES)
  readonly #pausesRefused = new Backoff(PAUSES_REFUSED)
  #isRegistered = false
  #next: NodeJS.Timeout | undefined
  #asking: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(options: RegistrationOptions) {
    this.#options = options
    this.#expiresSeconds = options.trunk.registration.expiresSeconds
  }

  start(): void {
    this.#asking = this.#register()
  }

  /** Refreshes no more. With `takesBack` the provider is told to send no calls here, unless it is slow. */
  async stop({ takesBack }: { takesBack: boolean }): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#next)
    if (!takesBack) return
    const takenBack = this.#asking.then(() => (this.#isRegistered ? this.#send(0) : null))
    await withTimeout(TAKING_BACK_MS, takenBack, '').then(
      () => this.#options.tell({ grantedSeconds: null, error: null }),
      () => {},
    )
  }

  async #register(): Promise<void> {
    try {
      const { response, contact } = await this.#send(this.#expiresSeconds)
      if (response.status === 200)
        return this.#granted(grantedSeconds(response, contact, this.#expiresSeconds))
      if (response.status === 423 && this.#asksForMore(response)) return await this.#register()
      this.#failed(faultOf(response), this.#pauseAfter(response))
    } catch (error) {
      this.#failed((error as Error).message, this.#pauses.next())
    }
  }

  #send(expires: number) {
    const { srf, trunk } = this.#options
    const { username, authUsername, password } = trunk.registration
    const aor = `<sip:${username}@${domainOfServer(trunk)}>`
    const transport = trunk.transport === 'udp' ? '' : `;transport=${trunk.transport}`
    // The library counts one more for the answer to a challenge.
    this.#cseq += 2
    return askServer(srf, trunk, {
      method: 'REGISTER',
      headers: {
        From: `${aor};tag=${this.#fromTag}`,
        To: aor,
        // In lower case the library finds it, and sends it once.
        'call-id': this.#callId,
        CSeq: `${this.#cseq} REGISTER`,
        // drachtio-server writes its own address in the place of localhost.
        Contact: `<sip:${username}@localhost${transport}>`,
        Expires: `${expires}`,
      },
      auth: { username: authUsername ?? username, password },
    })
  }

  #granted(seconds: number): void {
    const { trunk, tell, log } = this.#options
    const isNews = !this.#isRegistered || this.#failures > 0
    this.#isRegistered = true
    if (this.#isStopped) return
    if (isNews) log.info({ trunk: trunk.name, seconds }, 'a trunk is registered')
    this.#failures = 0
    this.#pauses.reset()
    this.#pausesRefused.reset()
    tell({ grantedSeconds: seconds, error: null })
    this.#later(Math.min(Math.max(SHORTEST_REFRESH_MS, seconds * REFRESH_AT * 1_000), LONGEST_REFRESH_MS))
  }

  /** The registrar takes no less than it says (§10.2.8); false when that is no more than what was asked for. */
  #asksForMore(response: SipResponse): boolean {
    const least = Number(response.get('min-expires'))
    if (!(least > this.#expiresSeconds)) return false
    this.#expiresSeconds = least
    return true
  }

  #pauseAfter(response: SipResponse): number {
    if (isRefusal(response.status)) return this.#pausesRefused.next()
    const asked = Number.parseInt(response.get('retry-after') ?? '', 10)
    return asked > 0 ? Math.min(asked, LONGEST_RETRY_AFTER_S) * 1_000 : this.#pauses.next()
  }

  #failed(error: string, afterMs: number): void {
    const { trunk, tell, log } = this.#options
    if (this.#isStopped) return
    if (this.#failures++ === 0)
      log.warn({ trunk: trunk.name, error }, 'a trunk could not be registered; it is tried again')
    tell({ grantedSeconds: null, error })
    this.#later(afterMs)
  }

  #later(ms: number): void {
    if (!this.#isStopped) this.#next = setTimeout(() => this.start(), ms)
  }
}

const isRefusal = (status: number): boolean => [401, 403, 404, 407].includes(status)

function faultOf(response: SipResponse): string {
  const words = statusWords(response)
  const { status } = response
  if (status === 404) return `the registrar knows no such user (${words})`
  if (!isRefusal(status)) return words
  const challenge = response.get('www-authenticate') ?? response.get('proxy-authenticate') ?? ''
  // The library proves passwords by MD5 (RFC 2617) alone.
  const [, algorithm = 'MD5'] = /algorithm="?([\w-]+)/i.exec(challenge) ?? []
  if (algorithm.toUpperCase() !== 'MD5')
    return `the registrar wants a proof by ${algorithm}, which is not spoken here`
  return `the registrar refuses user or password (${words})`
}

/** For how long our own binding is granted (§10.2.4), in seconds; where the registrar writes another address for it, the shortest. */
export function grantedSeconds(
  response: { get(header: string): string | undefined },
  contact: string,
  asked: number,
): number {
  const bindings = [...(response.get('contact') ?? '').matchAll(/<([^<>]*)>([^,<]*)/g)].map(
    ([, uri = '', params = '']) => ({ uri, seconds: Number(/;\s*expires="?(\d{1,9})/i.exec(params)?.[1]) }),
  )
  const own = /<([^<>;]*)/.exec(contact)?.[1] ?? contact
  const ours = bindings.filter(({ uri }) => uri.split(';', 1)[0] === own)
  const told = (ours.length > 0 ? ours : bindings)
    .map(({ seconds }) => seconds)
    .filter((seconds) => seconds > 0)
  const general = Number(response.get('expires'))
  if (told.length > 0) return Math.min(...told)
  return general > 0 ? general : asked
}
