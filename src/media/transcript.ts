import type { Logger } from 'pino'
import type { Turn } from './agent-port.ts'
import type { MediaCalls } from './calls-port.ts'
import type { CutShort } from './playout-tracker.ts'

/** Hands what is said to the call, in order and beside the audio: a failure is logged and the conversation goes on. */
export class Transcript {
  readonly #callId: string
  readonly #calls: MediaCalls
  readonly #log: Logger
  #written: Promise<void> = Promise.resolve()

  constructor(callId: string, calls: MediaCalls, log: Logger) {
    this.#callId = callId
    this.#calls = calls
    this.#log = log
  }

  said(role: Turn['role'], text: string): void {
    this.#write(() => this.#calls.recordTurn(this.#callId, { role, text }))
  }

  /** Of these words only so much was heard. */
  cutShort(...cuts: CutShort[]): void {
    for (const { original, spoken } of cuts)
      this.#write(() => this.#calls.correctTurn(this.#callId, original, spoken))
  }

  /** Resolves when all that was said until now is written, or has failed to be. */
  settled(): Promise<void> {
    return this.#written
  }

  #write(write: () => Promise<void>): void {
    this.#written = this.#written.then(write).catch((error: unknown) => {
      // Only the error's name: its message may repeat what was said.
      const cause = error instanceof Error ? error.name : typeof error
      this.#log.error(
        { cause },
        'A turn of the conversation could not be written; the call goes on without it',
      )
    })
  }
}
