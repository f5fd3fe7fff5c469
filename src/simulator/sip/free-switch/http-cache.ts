/** How long a file that says nothing of it is kept, in seconds: FreeSWITCH's `default-max-age`. */
const DEFAULT_MAX_AGE = 86_400
const FETCH_TIMEOUT_MS = 15_000

type Cached = { file: Buffer; freshUntil: number }

/** Fetches files over HTTP for playbacks, and keeps them as long as their Cache-Control says: mod_http_cache. */
export class HttpCache {
  /** Requests that really went out. */
  fetches = 0
  readonly #cached = new Map<string, Cached>()
  readonly #stopped = new AbortController()

  /** The file, or null when it is not to be had. */
  async get(url: string): Promise<Buffer | null> {
    const cached = this.#cached.get(url)
    if (cached && cached.freshUntil > Date.now()) return cached.file
    this.fetches++
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(FETCH_TIMEOUT_MS)])
    const response = await fetch(url, { signal }).catch(() => null)
    const file = response?.ok ? await response.arrayBuffer().catch(() => null) : null
    if (!response?.ok) await response?.body?.cancel()
    if (!response || !file) return null
    const maxAge = Number(
      /max-age=(\d+)/.exec(response.headers.get('cache-control') ?? '')?.[1] ?? DEFAULT_MAX_AGE,
    )
    this.#cached.set(url, { file: Buffer.from(file), freshUntil: Date.now() + maxAge * 1000 })
    return Buffer.from(file)
  }

  clear(): void {
    this.#cached.clear()
  }

  /** Ends what is being fetched. */
  stop(): void {
    this.#stopped.abort()
  }
}
