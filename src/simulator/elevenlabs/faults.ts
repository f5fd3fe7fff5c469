import type { Response } from 'express'

/** An answer that takes the place of the real one. A string is sent as HTML, anything else as JSON. */
export type FaultyAnswer = { status: number; body?: unknown; headers?: Record<string, string> }

export type FaultyRoute = 'clone' | 'deleteVoice' | 'speech' | 'signedUrl'

/** What a test can make go wrong. All switches are off at first and may be thrown at any time. */
export class Faults {
  /** Clone requests are read and never answered. */
  hangClone = false
  /** Requests for a signed URL are never answered. */
  hangSignedUrl = false
  /** The HTTP status with which every request gets a web page instead of an answer, as from a broken proxy. */
  answerHtml: number | null = null
  /** WebSocket upgrades are answered 503. */
  refuseAgentSockets = false
  /** So many WebSocket upgrades, those that come next, are answered 503. */
  refuseNextAgentSockets = 0
  /** Live conversations get no more pings. */
  stopPinging = false

  readonly #queued = new Map<FaultyRoute, FaultyAnswer[]>()
  #withheld: PromiseWithResolvers<void> | null = null
  #withheldUrls: PromiseWithResolvers<void> | null = null

  /** Says whether the WebSocket upgrade that is there now is to be refused. */
  takeRefusedAgentSocket(): boolean {
    if (this.refuseNextAgentSockets > 0) {
      this.refuseNextAgentSockets--
      return true
    }
    return this.refuseAgentSockets
  }

  /** Clones are begun, and none is finished until they are released. */
  set withholdClones(withhold: boolean) {
    if (withhold) {
      this.#withheld ??= Promise.withResolvers()
    } else {
      this.#withheld?.resolve()
      this.#withheld = null
    }
  }

  get withholdClones(): boolean {
    return this.#withheld !== null
  }

  /** Resolves when a clone may be finished. */
  async clonesReleased(): Promise<void> {
    await this.#withheld?.promise
  }

  /** Signed URLs are asked for, and none is given before they are released. */
  set withholdSignedUrls(withhold: boolean) {
    if (withhold) {
      this.#withheldUrls ??= Promise.withResolvers()
    } else {
      this.#withheldUrls?.resolve()
      this.#withheldUrls = null
    }
  }

  get withholdSignedUrls(): boolean {
    return this.#withheldUrls !== null
  }

  /** Resolves when a signed URL may be given. */
  async signedUrlsReleased(): Promise<void> {
    await this.#withheldUrls?.promise
  }

  /** The next clone requests get these answers, one each, in this order. */
  failNextClones(answers: FaultyAnswer[]): void {
    this.failNext('clone', answers)
  }

  /** The next requests to `route` get these answers, one each, in this order. */
  failNext(route: FaultyRoute, answers: FaultyAnswer[]): void {
    this.#queued.set(route, [...(this.#queued.get(route) ?? []), ...answers])
  }

  /** Sends the next queued answer for this route, if there is one, and says whether it did. */
  answerInstead(route: FaultyRoute, response: Response): boolean {
    const answer = this.#queued.get(route)?.shift()
    if (!answer) return false
    const { status, body = { detail: { status: 'simulated', message: 'A simulated failure.' } } } = answer
    response.status(status).set(answer.headers ?? {})
    if (typeof body === 'string') response.type('html').send(body)
    else response.json(body)
    return true
  }
}

/** What stands in front of the API when it is down. */
export const HTML_PAGE =
  '<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>'
