import { type ClientEvent, responseCancel, responseCreate } from './client-events.ts'

/** The interrupted ones whose audio may still be on its way. */
const MOST_DROPPED = 16

type Asked = { response: object | undefined }

/**
 * The responses of a session, of which there is one at a time: a client that asks for another meanwhile is refused, so that one
 * waits here for the end of the one before.
 */
export class Responses {
  readonly #send: (event: ClientEvent) => void
  /** The one that is under way. */
  #active: string | null = null
  #activeAsked: Asked = { response: undefined }
  /** Asked for and not yet begun. */
  #asked: Asked | null = null
  #waiting: Asked | null = null
  #speaking: string | null = null
  readonly #dropped = new Set<string>()
  #hasFailed = false

  constructor(send: (event: ClientEvent) => void) {
    this.#send = send
  }

  get isBusy(): boolean {
    return this.#active !== null || this.#asked !== null || this.#waiting !== null
  }

  /** Asks for a response, at once or after the one that is under way; `response` is what is special about it. */
  ask(response?: object): void {
    if (this.#active !== null || this.#asked !== null) {
      this.#waiting = { response }
      return
    }
    this.#asked = { response }
    this.#send(responseCreate(response))
  }

  created(id: string): void {
    this.#active = id
    this.#activeAsked = this.#asked ?? { response: undefined }
    this.#asked = null
  }

  /** Whether what comes of this response is still to be heard. */
  hears(id: string): boolean {
    if (this.#dropped.has(id)) return false
    this.#speaking = id
    return true
  }

  /** The vendor has begun another by itself, which may have been taken for ours, and ours was refused: it waits for the end of that. */
  refused(): void {
    this.#waiting ??= this.#asked ?? this.#activeAsked
    this.#asked = null
  }

  /** The caller cuts in: the vendor ends what is under way, and nothing more of it is heard. */
  interrupt(): void {
    for (const id of [this.#active, this.#speaking]) if (id !== null) this.#drop(id)
  }

  /** The same where the vendor does not know that the caller cuts in. */
  cancel(): void {
    if (this.#active !== null && !this.#dropped.has(this.#active)) this.#send(responseCancel)
    this.interrupt()
  }

  /** What waits for the end of this one is asked for now. */
  done(id: string, status: string): void {
    if (id !== this.#active) return
    this.#active = null
    if (status !== 'failed') this.#hasFailed = false
    const waiting = this.#waiting
    this.#waiting = null
    if (waiting) this.ask(waiting.response)
  }

  /** Asks once more for a response that has failed; false when that has been done. */
  retry(id: string): boolean {
    if (this.#hasFailed) return false
    this.#hasFailed = true
    if (id === this.#active) this.#waiting ??= this.#activeAsked
    return true
  }

  #drop(id: string): void {
    this.#dropped.add(id)
    for (const oldest of this.#dropped) {
      if (this.#dropped.size <= MOST_DROPPED) break
      this.#dropped.delete(oldest)
    }
  }
}
