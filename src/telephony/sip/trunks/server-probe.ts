import type { ServerNews, TrunkSettings } from '../../../calls/trunk-ports.ts'
import type { Srf } from '../drachtio.ts'
import { askServer, domainOfServer, statusWords } from './ask-server.ts'
import { newTag } from './new-tag.ts'

/** A server that fails is asked more often, to know when it is back. */
const ASK_AGAIN_FAILING_S = 5

export type ServerProbeOptions = {
  srf: Srf
  trunk: TrunkSettings & { optionsSeconds: number }
  tell: (news: ServerNews) => void
}

/** Asks a trunk's server by OPTIONS whether it is there (RFC 3261 §11), again and again. */
export class ServerProbe {
  readonly #options: ServerProbeOptions
  #next: NodeJS.Timeout | undefined
  #isStopped = false

  constructor(options: ServerProbeOptions) {
    this.#options = options
  }

  start(): void {
    void this.#ask()
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#next)
  }

  async #ask(): Promise<void> {
    const { trunk, tell } = this.#options
    const news = await this.#answer()
    if (this.#isStopped) return
    tell(news)
    const seconds =
      news.error === null ? trunk.optionsSeconds : Math.min(trunk.optionsSeconds, ASK_AGAIN_FAILING_S)
    this.#next = setTimeout(() => void this.#ask(), seconds * 1_000)
  }

  /** Whatever a server that works says is a sign of life: many refuse OPTIONS, or want a password for it. */
  async #answer(): Promise<ServerNews> {
    const { srf, trunk } = this.#options
    const from = `<sip:${trunk.registration?.username ?? 'precall'}@localhost>;tag=${newTag()}`
    const headers = { From: from, To: `<sip:${domainOfServer(trunk)}>` }
    try {
      const { response, roundTripMs } = await askServer(srf, trunk, { method: 'OPTIONS', headers })
      const isFault = response.status === 408 || response.status >= 500
      return { status: response.status, roundTripMs, error: isFault ? statusWords(response) : null }
    } catch (error) {
      return { status: null, roundTripMs: null, error: (error as Error).message }
    }
  }
}
