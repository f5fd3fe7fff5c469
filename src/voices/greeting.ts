import { createHash } from 'node:crypto'
import type { Logger } from 'pino'
import { Backoff } from '../runtime/backoff.ts'
import { VendorError, type VoiceVendor } from './ports.ts'

/** Where rendered audio is kept, by a key that names exactly this audio. */
export interface Assets {
  get(key: string): Promise<Buffer | null>
  put(key: string, bytes: Buffer): Promise<void>
}

const PAUSES = { firstMs: 1_000, longestMs: 60_000 }
/** An account may be mended at any time, and a quota comes back; a text that was refused is refused again. */
const ACCOUNT_RETRY_MS = 900_000

export type GreetingOptions = {
  voiceId: string
  text: string
  vendor: VoiceVendor
  assets: Assets
  log: Logger
}

/**
 * The greeting in the greeting voice, rendered once for all nodes and every start. Until it is there, callers hear the
 * carrier read the text: no call waits for it.
 */
export class Greeting {
  readonly text: string
  readonly #options: GreetingOptions
  readonly #key: string
  readonly #stopping = new AbortController()
  readonly #pauses = new Backoff(PAUSES)
  #ready = false
  #retry: NodeJS.Timeout | null = null
  #rendering: Promise<void> = Promise.resolve()

  constructor(options: GreetingOptions) {
    this.#options = options
    this.text = options.text
    this.#key = createHash('sha256')
      .update(JSON.stringify(['mulaw-8000', options.voiceId, options.text]))
      .digest('hex')
  }

  /** Names the rendered audio; null until there is one. */
  get key(): string | null {
    return this.#ready ? this.#key : null
  }

  start(): void {
    this.#rendering = this.#render()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    if (this.#retry) clearTimeout(this.#retry)
    await this.#rendering
  }

  async #render(): Promise<void> {
    const { voiceId, text, vendor, assets, log } = this.#options
    try {
      if (!(await assets.get(this.#key))) {
        const { signal } = this.#stopping
        await assets.put(this.#key, await vendor.speak({ voiceId, text, signal }))
      }
      this.#ready = true
    } catch (error) {
      if (this.#stopping.signal.aborted) return
      // What the vendor said is the whole story; anything else comes with where it happened.
      const why = error instanceof VendorError ? { why: error.message } : { err: error }
      const pauseMs = pauseAfter(error, this.#pauses.next())
      if (pauseMs === null) {
        log.error(
          why,
          'the vendor refuses the greeting, and is not asked again: change its text or its voice',
        )
        return
      }
      log.warn(why, 'the greeting could not be rendered; until it can, the carrier reads it out')
      this.#retry = setTimeout(() => {
        this.#rendering = this.#render()
      }, pauseMs)
    }
  }
}

/** Null when another try would be refused alike. */
function pauseAfter(error: unknown, retryMs: number): number | null {
  const { failure, retryAfterMs } =
    error instanceof VendorError ? error : { failure: null, retryAfterMs: null }
  if (failure === 'rejected') return null
  if (failure === 'unauthorized' || failure === 'quota_exceeded') return ACCOUNT_RETRY_MS
  return Math.max(retryMs, Math.min(retryAfterMs ?? 0, ACCOUNT_RETRY_MS))
}
