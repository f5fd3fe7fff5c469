import type { MarkOutcome } from './playout.ts'

/** How a call stands, in Twilio's words. */
export type CallStatus = 'ringing' | 'in-progress' | FinalStatus
export type FinalStatus = 'completed' | 'busy' | 'no-answer' | 'failed' | 'canceled'

/** Who ended a call: the caller hung up, the service said so by TwiML or REST, or the carrier could not go on. */
export type EndedBy = 'caller' | 'service' | 'carrier'

/** Who ended a media stream. `fault` is a switch that a test has thrown. */
export type StreamEndedBy = 'service' | 'caller' | 'carrier' | 'fault' | 'error'

/** Everything that happens on a simulated call, in the order in which a person would tell it. */
export type TimelineEvent =
  | { type: 'dialed'; from: string; to: string }
  /** A request went out to the service: a voice webhook, or a callback that wants no TwiML. */
  | { type: 'webhook-sent'; url: string; method: 'GET' | 'POST'; status: string; token: string }
  /** The service answered; the answer was thrown away when `lost`. `ms` is the time it took. */
  | { type: 'webhook-answered'; url: string; status: number; ms: number; lost: boolean }
  /** `ms` is how long the caller waited for it. */
  | { type: 'twiml-received'; url: string; verbs: string[]; ms: number }
  | { type: 'answered' }
  | { type: 'verb-started'; verb: string; detail: string }
  /** The call was told through the REST API to go on elsewhere. */
  | { type: 'moved'; to: string }
  | { type: 'stream-opened'; streamSid: string; url: string; parameters: Record<string, string> }
  /** The first audio that the service sent on this stream. */
  | { type: 'stream-audio'; streamSid: string }
  | { type: 'mark-received'; name: string }
  | { type: 'mark-returned'; name: string; outcome: MarkOutcome }
  /** The service emptied the buffer; so much of what it had sent was not heard. */
  | { type: 'cleared'; unheardMs: number }
  | { type: 'stream-closed'; streamSid: string; by: StreamEndedBy; code: number | null; reason: string }
  | { type: 'digit'; digit: string }
  /** Something that Twilio would write to its error log, and go on. */
  | { type: 'warning'; code: number | null; message: string }
  /** Something that made the caller hear "application error". */
  | { type: 'error'; code: number | null; message: string }
  | { type: 'ended'; status: FinalStatus; by: EndedBy; seconds: number }

/** `atMs` counts from the moment the caller dialled, in real time whatever the time scale. */
export type TimelineEntry = TimelineEvent & { callSid: string; atMs: number }
export type TimelineListener = (entry: TimelineEntry) => void

/** A call with thousands of marks must not grow without end: listeners get everything, the record keeps the latest. */
const MAX_ENTRIES = 2000

/** What happened on one call: kept, and told to those who listen. */
export class Timeline {
  readonly #callSid: string
  readonly #began = performance.now()
  readonly #entries: TimelineEntry[] = []
  readonly #listeners: Set<TimelineListener>

  constructor(callSid: string, listener: TimelineListener) {
    this.#callSid = callSid
    this.#listeners = new Set([listener])
  }

  get entries(): readonly TimelineEntry[] {
    return this.#entries
  }

  add(event: TimelineEvent): void {
    const entry = { ...event, callSid: this.#callSid, atMs: performance.now() - this.#began }
    this.#entries.push(entry)
    if (this.#entries.length > MAX_ENTRIES) this.#entries.shift()
    for (const listener of this.#listeners) listener(entry)
  }

  /** Calls back with everything from now on until the returned function is called. */
  on(listener: TimelineListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
