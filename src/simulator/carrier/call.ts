import type { Logger } from 'pino'
import type { Clock } from '../../runtime/clock.ts'
import { CallError } from './call-error.ts'
import { callFields, callToken, statusFields, USUAL_VERSTAT } from './call-fields.ts'
import type { CarrierFaults } from './faults.ts'
import { type Caller, Line } from './line.ts'
import { MediaStream } from './media-stream.ts'
import type { PhoneNumber } from './phone-number.ts'
import { newSid } from './sid.ts'
import { Interrupted, type Step, untilInterrupted } from './step.ts'
import { type CallStatus, Timeline, type TimelineEntry, type TimelineListener } from './timeline.ts'
import { parseTwiml, type Verb } from './twiml.ts'
import { performVerb, type Speak, type Stage } from './verbs.ts'
import type { Webhook, WebhookSender } from './webhooks.ts'

/** What all calls of a carrier share. */
export type Exchange = {
  accountSid: string
  authToken: string
  number: PhoneNumber
  webhooks: WebhookSender
  speak: Speak
  clock: Clock
  faults: CarrierFaults
  /** Aborted when the carrier is stopped. */
  stopped: AbortSignal
  log: Logger
  onTimeline: TimelineListener
}

export type CallOptions = {
  /** The caller's number in E.164, or a word such as `anonymous`. */
  from: string
  /** The number that is called; the carrier's own by default. */
  to?: string
  /** What `StirVerstat` says; null for a caller whose network signs nothing. Left out, it is of a number that passed with A. */
  stirVerstat?: string | null
  caller: Caller
}

const APPLICATION_ERROR = 'We are sorry, an application error has occurred. Goodbye.'
const XML_TYPES = /^(text|application)\/xml\b/i

/** One call to the service, from the dialling to the last status callback. */
export class CarrierCall {
  readonly sid = newSid('CA')
  readonly from: string
  readonly to: string
  readonly placedAt = new Date()
  /** Resolves when the call is over, its sockets are closed and the service has been told. Never rejects. */
  readonly ended: Promise<void>
  readonly #exchange: Exchange
  readonly #stirVerstat: string | null
  readonly #line: Line
  readonly #timeline: Timeline
  readonly #background = new Set<Promise<unknown>>()
  #status: CallStatus = 'ringing'
  #endedAt: Date | null = null
  #stream: MediaStream | null = null
  #interruption = new AbortController()
  /** What a hang-up or the REST API wants to happen next. */
  #asked: Step | null = null

  constructor(exchange: Exchange, { from, to, stirVerstat = USUAL_VERSTAT, caller }: CallOptions) {
    this.#exchange = exchange
    this.from = from
    this.to = to ?? exchange.number.phoneNumber
    this.#stirVerstat = stirVerstat
    this.#line = new Line(caller, exchange.clock)
    this.#timeline = new Timeline(this.sid, exchange.onTimeline)
    this.ended = this.#live()
  }

  get status(): CallStatus {
    return this.#status
  }

  /** Whole seconds since the call was answered, in the caller's time. */
  get seconds(): number {
    return Math.round(this.#line.seconds)
  }

  get endedAt(): Date | null {
    return this.#endedAt
  }

  /** What happened so far, the latest couple of thousand things of it. */
  get timeline(): readonly TimelineEntry[] {
    return this.#timeline.entries
  }

  /** Calls back with everything from now on until the returned function is called. */
  onTimeline(listener: TimelineListener): () => void {
    return this.#timeline.on(listener)
  }

  /** The caller puts the phone down. */
  hangUp(): void {
    this.#interrupt({
      do: 'end',
      status: this.#status === 'ringing' ? 'canceled' : 'completed',
      by: 'caller',
    })
  }

  /** The caller presses a key: 0 to 9, * or #. The service hears of it while a stream is open. */
  pressDigit(digit: string): void {
    this.#timeline.add({ type: 'digit', digit })
    this.#stream?.pressDigit(digit)
  }

  /** Cuts the media stream's connection, as a broken network does. Returns whether there was one. */
  dropStream(): boolean {
    this.#stream?.drop()
    return this.#stream !== null
  }

  /** Ends the running document and stream at once and goes on with the step. Returns false when the call is over. */
  move(step: Step): boolean {
    const moved = this.#interrupt(step)
    if (moved && step.do === 'request') this.#timeline.add({ type: 'moved', to: step.url })
    if (moved && step.do === 'perform') this.#timeline.add({ type: 'moved', to: 'TwiML of the request' })
    return moved
  }

  /** Ends the call because the carrier stops. */
  abandon(): void {
    this.#interrupt({ do: 'end', status: 'failed', by: 'carrier' })
  }

  #interrupt(step: Step): boolean {
    if (this.#endedAt || this.#asked?.do === 'end') return false
    this.#asked = step
    this.#interruption.abort()
    this.#stream?.stop(step.do === 'end' && step.by === 'caller' ? 'caller' : 'carrier')
    return true
  }

  async #live(): Promise<void> {
    const { number } = this.#exchange
    this.#timeline.add({ type: 'dialed', from: this.from, to: this.to })
    let step: Step = { do: 'request', url: number.voiceUrl, method: number.voiceMethod }
    while (step.do !== 'end') step = await this.#take(step)
    this.#end(step)
    await Promise.all(this.#background)
  }

  /** Takes one step; what was asked for meanwhile goes before what the step leads to. */
  async #take(step: Step): Promise<Step> {
    this.#interruption = new AbortController()
    const outcome = this.#asked ?? (await this.#follow(step).catch((error) => this.#recover(step, error)))
    const asked = this.#asked
    this.#asked = null
    if (asked) this.#line.playout.clear()
    return asked ?? outcome
  }

  async #follow(step: Step): Promise<Step> {
    if (step.do === 'request') return this.#request(step)
    if (step.do === 'perform') return this.#perform(step)
    if (step.do === 'apologize') return this.#apologize(step.error)
    return step
  }

  #recover(step: Step, error: unknown): Step {
    if (error instanceof CallError && step.do !== 'apologize')
      return this.#fallback(step, error) ?? { do: 'apologize', error }
    if (!(error instanceof Interrupted)) this.#exchange.log.error({ err: error }, 'simulated carrier failed')
    return { do: 'end', status: 'failed', by: 'carrier' }
  }

  /** Twilio asks the number's fallback URL once when TwiML cannot be fetched or performed (error 11200 and its like). */
  #fallback(step: Step, error: CallError): Step | null {
    const { voiceFallbackUrl: url, voiceFallbackMethod: method } = this.#exchange.number
    if (!url || (step.do !== 'request' && step.do !== 'perform') || step.fallbackFor) return null
    const failedUrl = step.do === 'request' ? step.url : step.base
    this.#timeline.add({ type: 'warning', code: error.code, message: error.message })
    return { do: 'request', url, method, fallbackFor: { error, url: failedUrl } }
  }

  async #request({ url, method, fallbackFor }: Extract<Step, { do: 'request' }>): Promise<Step> {
    if (!url) throw new CallError(null, `No Voice URL is set for ${this.to}.`)
    const fields = {
      ...this.#fields(),
      ...(this.#status === 'ringing' && { CallToken: callToken(this.sid) }),
      ...(fallbackFor && { ErrorCode: `${fallbackFor.error.code ?? ''}`, ErrorUrl: fallbackFor.url }),
    }
    const asked = performance.now()
    const verbs = await untilInterrupted(this.#fetchVerbs({ url, method, fields }), this.#interruption.signal)
    const ms = performance.now() - asked
    this.#timeline.add({ type: 'twiml-received', url, verbs: verbs.map(({ verb }) => verb), ms })
    return { do: 'perform', verbs, base: url, fallbackFor }
  }

  async #fetchVerbs(webhook: Webhook): Promise<Verb[]> {
    const { status, contentType, body } = await this.#exchange.webhooks.send(webhook, this.#timeline)
    if (status < 200 || status > 299) throw new CallError(11200, `${webhook.url}: HTTP ${status}`)
    if (!XML_TYPES.test(contentType))
      throw new CallError(12300, `${webhook.url}: TwiML must be sent as text/xml; this is "${contentType}".`)
    return parseTwiml(body)
  }

  async #perform({ verbs, base }: Extract<Step, { do: 'perform' }>): Promise<Step> {
    const stage = this.#stage(base)
    for (const verb of verbs) {
      const next = await performVerb(verb, stage)
      if (next || stage.signal.aborted) return next ?? { do: 'end', status: 'completed', by: 'service' }
    }
    return { do: 'end', status: 'completed', by: 'service' }
  }

  async #apologize(error: CallError): Promise<Step> {
    const { code, message } = error
    this.#timeline.add({ type: 'error', code, message })
    this.#exchange.log.warn(
      { callSid: this.sid, code, problem: message },
      'caller hears an application error',
    )
    const { signal } = this.#interruption
    this.#answer()
    const speech = await untilInterrupted(
      Promise.resolve(this.#exchange.speak({ text: APPLICATION_ERROR })),
      signal,
    )
    await untilInterrupted(this.#line.play(speech), signal)
    return { do: 'end', status: 'completed', by: 'carrier' }
  }

  #stage(base: string): Stage {
    const { speak, faults, stopped } = this.#exchange
    return {
      line: this.#line,
      timeline: this.#timeline,
      signal: this.#interruption.signal,
      speak,
      faults,
      base,
      stopped,
      answer: () => this.#answer(),
      openStream: (url, parameters) => this.#openStream(url, parameters),
      notify: ({ fields, ...webhook }) =>
        this.#notify({ ...webhook, fields: { ...this.#streamFields(), ...fields } }),
    }
  }

  #answer(): void {
    if (this.#status !== 'ringing') return
    this.#status = 'in-progress'
    this.#timeline.add({ type: 'answered' })
    this.#line.open()
  }

  #openStream(url: string, parameters: Record<string, string>): MediaStream {
    const { accountSid, authToken, faults } = this.#exchange
    const call = { accountSid, authToken, callSid: this.sid, line: this.#line, timeline: this.#timeline }
    const stream = new MediaStream({ url, parameters, ...call, isMute: faults.muteStreams })
    this.#stream = stream
    this.#track(stream.closed)
    void stream.ended.then(() => {
      if (this.#stream === stream) this.#stream = null
    })
    return stream
  }

  /** The one end of a call. */
  #end({ status, by }: Extract<Step, { do: 'end' }>): void {
    this.#status = status
    this.#endedAt = new Date()
    this.#stream?.stop('carrier')
    this.#line.close()
    this.#timeline.add({ type: 'ended', status, by, seconds: this.seconds })
    const { number, faults } = this.#exchange
    if (!number.statusCallback || faults.noStatusCallbacks) return
    const fields = { ...this.#fields(), ...statusFields(0, this.seconds) }
    this.#notify({ url: number.statusCallback, method: number.statusCallbackMethod, fields })
  }

  #notify(webhook: Webhook): void {
    if (this.#exchange.stopped.aborted) return
    const warn = (message: string) => this.#timeline.add({ type: 'warning', code: 15003, message })
    const delivery = this.#exchange.webhooks.send(webhook, this.#timeline).then(
      ({ status }) => status >= 400 && warn(`${webhook.url}: HTTP ${status}`),
      (error) => warn(error.message),
    )
    this.#track(delivery)
  }

  #track(work: Promise<unknown>): void {
    this.#background.add(work)
    const over = () => this.#background.delete(work)
    void work.then(over, over)
  }

  #fields(): Record<string, string> {
    const { sid, from, to } = this
    const identity = { accountSid: this.#exchange.accountSid, stirVerstat: this.#stirVerstat }
    return callFields({ sid, from, to, ...identity }, this.#status)
  }

  #streamFields(): Record<string, string> {
    const timestamp = new Date().toISOString()
    return { AccountSid: this.#exchange.accountSid, CallSid: this.sid, Timestamp: timestamp }
  }
}
