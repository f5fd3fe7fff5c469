/** How long a file is kept that says nothing of it, in seconds: mod_httapi's file-cache-ttl in freeswitch-config. */
const DEFAULT_MAX_AGE = 86_400
/** mod_httapi's `timeout` in freeswitch-config. */
const FETCH_TIMEOUT_MS = 10_000

type Kept = { file: Buffer; freshUntil: number }

/**
 * Fetches files for playbacks over HTTP and keeps them as long as their Cache-Control says: mod_httapi. It asks twice for a
 * file that it does not have, since the image's patch makes a GET of what was a HEAD, unless the URL says `(nohead=true)`.
 */
export class HttpFiles {
  /** Requests that went out. */
  fetches = 0
  readonly #kept = new Map<string, Kept>()
  readonly #underWay = new Map<string, Promise<Buffer | null>>()
  #stopped = new AbortController()

  /** The file, or null when it is not to be had. Two who ask for the same one at the same time wait for one fetch. */
  async get(url: string): Promise<Buffer | null> {
    const kept = this.#kept.get(url)
    if (kept && kept.freshUntil > Date.now()) return kept.file
    const underWay = this.#underWay.get(url) ?? this.#fetch(url)
    this.#underWay.set(url, underWay)
    const file = await underWay
    this.#underWay.delete(url)
    return file
  }

  clear(): void {
    this.#kept.clear()
  }

  /** Ends what is being fetched. */
  stop(): void {
    this.#stopped.abort()
    this.#stopped = new AbortController()
  }

  async #fetch(url: string): Promise<Buffer | null> {
    const [, scheme, parameters = '', rest] = /^(https?):\/\/(?:\(([^)]*)\))?(.*)$/s.exec(url) ?? []
    const asksOnce = /\bnohead=true\b/.test(parameters)
    const first = await this.#request(`${scheme}://${rest}`)
    const answer = first && !asksOnce ? await this.#request(`${scheme}://${rest}`) : first
    if (!answer) return null
    this.#kept.set(url, { file: answer.file, freshUntil: Date.now() + answer.maxAge * 1000 })
    return answer.file
  }

  async #request(url: string): Promise<{ file: Buffer; maxAge: number } | null> {
    this.fetches++
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(FETCH_TIMEOUT_MS)])
    try {
      const response = await fetch(url, { signal })
      const file = Buffer.from(await response.arrayBuffer())
      return response.ok ? { file, maxAge: maxAge(response.headers.get('cache-control') ?? '') } : null
    } catch {
      return null
    }
  }
}

function maxAge(cacheControl: string): number {
  if (/no-store|no-cache/.test(cacheControl)) return 0
  return Math.min(DEFAULT_MAX_AGE, Number(/max-age=(\d+)/.exec(cacheControl)?.[1] ?? DEFAULT_MAX_AGE))
}
