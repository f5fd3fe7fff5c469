import { setTimeout as wait } from 'node:timers/promises'
import type { TimelineEntry } from '../carrier/timeline.ts'
import { dialPhone, type PhoneCall, PhoneError } from './phone-client.ts'
import { PHONE_PATH } from './phone-messages.ts'
import type { CallEvent, ServiceApi, Turn } from './service-api.ts'
import { Talk } from './talk.ts'
import { carrierWords, causeOf, eventWords, timelineLine } from './timeline-lines.ts'

export type TestCallOptions = {
  url: URL
  from: string
  /** The number that is called; the service's own by default. */
  to?: string | undefined
  /** What the carrier says of the caller's number; null for nothing, left out as usual. */
  stirVerstat?: string | null
  seconds: number
  /** What the caller says, as mu-law. */
  speech: Buffer
  api: ServiceApi
  print: (line: string) => void
  /** Aborted when the person at the terminal wants to end the call. */
  interrupted: AbortSignal
}

/** How long after the end of the call the service may take to record it. */
const LAST_EVENTS_MS = 10_000

/** One test call, from the dialling to the last event, told as it happens. */
export class TestCall {
  readonly #options: TestCallOptions
  readonly #talk: Talk
  readonly #heard: Buffer[] = []
  #dialledAt = Date.now()
  #callId: string | null = null
  #bridgedAfter: number | null = null
  #trouble: string | null = null

  constructor(options: TestCallOptions) {
    this.#options = options
    this.#talk = new Talk(options.speech)
  }

  /** Seconds from the dialling until caller and agent were joined; null when they were not. */
  get bridgedAfter(): number | null {
    return this.#bridgedAfter
  }

  /** What was lost or failed last and why, such as `agent.lost: closed_1011`; null when nothing was. */
  get trouble(): string | null {
    return this.#trouble
  }

  /** Everything that the caller heard, as mu-law. */
  get heard(): Buffer {
    return Buffer.concat(this.#heard)
  }

  async conversation(): Promise<Turn[]> {
    return this.#callId === null ? [] : this.#options.api.conversation(this.#callId)
  }

  /** Resolves when the call is over and the service has said so. Rejects with PhoneError or ApiError. */
  async run(): Promise<void> {
    const { api } = this.#options
    this.#dialledAt = Date.now()
    const phone = await dialPhone({
      url: this.#phoneUrl,
      headers: api.headers,
      from: this.#options.from,
      to: this.#options.to,
      stirVerstat: this.#options.stirVerstat,
      nextFrame: () => this.#talk.nextFrame(),
      onFrame: (frame) => this.#hear(frame),
      onTimeline: (entry) => this.#carrierDid(entry),
    })
    const over = new AbortController()
    const events = this.#follow(phone.callSid, over.signal)
    this.#hangUpInTime(phone, over.signal)
    try {
      // A service that cannot be followed is no reason to keep talking to it.
      const end = await Promise.race([phone.ended, events.then(() => phone.ended)])
      if (end.reason === 'lost') throw new PhoneError('The connection to the carrier broke: has it stopped?')
      await Promise.race([events, wait(LAST_EVENTS_MS, null, { signal: over.signal })])
    } finally {
      phone.hangUp()
      await phone.ended
      over.abort()
    }
  }

  get #phoneUrl(): string {
    const url = new URL(PHONE_PATH, this.#options.url)
    return url.href.replace(/^http/, 'ws')
  }

  async #follow(callSid: string, signal: AbortSignal): Promise<void> {
    const { api } = this.#options
    this.#callId = await api.callIdOf(callSid, signal)
    const onGap = () => this.#say('service', 'is gone; the call waits for it')
    for await (const event of api.events(this.#callId, signal, onGap)) this.#serviceDid(event)
  }

  /** Ends the call when everything is said, when its time is up, or when the person at the terminal has had enough. */
  #hangUpInTime(phone: PhoneCall, over: AbortSignal): void {
    const { seconds, interrupted } = this.#options
    const timeUp = wait(seconds * 1000, null, { signal: over })
    const enough = new Promise((resolve) => {
      if (interrupted.aborted) resolve(null)
      interrupted.addEventListener('abort', resolve, { once: true, signal: over })
    })
    Promise.race([this.#talk.finished, timeUp, enough]).then(
      () => {
        this.#say('caller', 'hangs up')
        phone.hangUp()
      },
      () => {},
    )
  }

  #hear(frame: Buffer): void {
    this.#heard.push(frame)
    this.#talk.hear(frame)
  }

  #carrierDid(entry: TimelineEntry): void {
    // All times count from when the carrier took the call, not from when the handset began to connect.
    if (entry.type === 'dialed') this.#dialledAt = Date.now() - entry.atMs
    if (entry.type === 'stream-opened') this.#talk.begin()
    const words = carrierWords(entry)
    if (words !== null) this.#options.print(timelineLine(entry.atMs / 1000, 'carrier', words))
  }

  #serviceDid(event: CallEvent): void {
    const seconds = Math.max(0, (Date.parse(event.at) - this.#dialledAt) / 1000)
    if (event.stateAfter === 'bridged.talking') this.#bridgedAfter ??= seconds
    const cause = causeOf(event)
    if (cause !== null) this.#trouble = `${event.type}: ${cause}`
    this.#options.print(timelineLine(seconds, 'service', eventWords(event)))
  }

  #say(who: 'caller' | 'service', what: string): void {
    this.#options.print(timelineLine((Date.now() - this.#dialledAt) / 1000, who, what))
  }
}
