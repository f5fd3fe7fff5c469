import type { CallError } from './call-error.ts'
import type { EndedBy, FinalStatus } from './timeline.ts'
import type { Verb } from './twiml.ts'
import type { Method } from './webhooks.ts'

/** What went wrong, and where, so that the number's fallback URL is asked; what that leads to has no fallback of its own. */
type Failure = { error: CallError; url: string }

/** What a call does next; each step leads to another until `end`. */
export type Step =
  | { do: 'request'; url: string; method: Method; fallbackFor?: Failure }
  /** `base` is what relative URLs in the document start from. */
  | { do: 'perform'; verbs: Verb[]; base: string; fallbackFor?: Failure }
  /** The caller hears that an application error has occurred. */
  | { do: 'apologize'; error: CallError }
  | { do: 'end'; status: FinalStatus; by: EndedBy }

/** A step was cut short by a hang-up or by the REST API. */
export class Interrupted extends Error {}

/** Resolves with the promise, or rejects with Interrupted as soon as the signal is aborted. */
export async function untilInterrupted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const interruption = Promise.withResolvers<never>()
  const interrupt = () => interruption.reject(new Interrupted())
  if (signal.aborted) interrupt()
  signal.addEventListener('abort', interrupt)
  try {
    return await Promise.race([promise, interruption.promise])
  } finally {
    signal.removeEventListener('abort', interrupt)
  }
}
