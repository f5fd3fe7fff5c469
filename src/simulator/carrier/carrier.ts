import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Logger } from 'pino'
import { scaledClock } from '../../runtime/clock.ts'
import { speak as speakRecorded } from '../assets/speech.ts'
import { type CallOptions, CarrierCall, type Exchange } from './call.ts'
import { CarrierFaults } from './faults.ts'
import type { PhoneNumber } from './phone-number.ts'
import { restApi } from './rest-api.ts'
import { newSid } from './sid.ts'
import type { TimelineListener } from './timeline.ts'
import type { Speak } from './verbs.ts'
import { WebhookSender } from './webhooks.ts'

export type CarrierOptions = {
  accountSid: string
  authToken: string
  /** The one number of the account, in E.164. */
  phoneNumber: string
  /** Where the service answers incoming calls; may be set later, as `number.voiceUrl` or through the REST API. */
  voiceUrl?: string
  /** Who is told when a call is over; nobody by default. */
  statusCallbackUrl?: string
  log: Logger
  /** Speaks what <Say> says; by default the recorded sentences, and babble for all others. */
  speak?: Speak
  /** 1, the default, is real time; 0.05 plays and pauses twenty times as fast. */
  timeScale?: number
}

/** Ended calls that the REST API still knows; the oldest are forgotten. */
const MAX_ENDED_CALLS = 1000

/**
 * Starts a simulated Twilio with one account and one number. It speaks the real protocols over real sockets: webhooks,
 * signatures, TwiML, REST and Media Streams. Rejects when it cannot listen.
 */
export async function startCarrier(options: CarrierOptions): Promise<Carrier> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return new Carrier(server, options)
}

/** A running simulated carrier; see `startCarrier`. */
export class Carrier {
  /** The REST API's origin, in the place of https://api.twilio.com. */
  readonly apiBaseUrl: string
  readonly accountSid: string
  readonly number: PhoneNumber
  readonly faults = new CarrierFaults()
  readonly #server: Server
  readonly #exchange: Exchange
  readonly #calls = new Map<string, CarrierCall>()
  readonly #listeners = new Set<TimelineListener>()
  readonly #stopping = new AbortController()
  #stopped: Promise<void> | null = null

  /** Use `startCarrier`. */
  constructor(server: Server, options: CarrierOptions) {
    const { accountSid, authToken, log, speak, timeScale = 1 } = options
    this.#server = server
    this.apiBaseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    this.accountSid = accountSid
    this.number = numberFrom(options)
    const shared = { accountSid, authToken, number: this.number, faults: this.faults, log }
    const stopped = this.#stopping.signal
    this.#exchange = {
      ...shared,
      stopped,
      clock: scaledClock(timeScale),
      webhooks: new WebhookSender({ authToken, faults: this.faults, stopped }),
      speak: speak ?? (({ text }) => speakRecorded(text)),
      onTimeline: (entry) => {
        for (const listener of this.#listeners) listener(entry)
      },
    }
    server.on('request', restApi({ ...shared, calls: this.#calls, since: new Date() }))
  }

  /** Live calls, and the latest ended ones, by CallSid. */
  get calls(): ReadonlyMap<string, CarrierCall> {
    return this.#calls
  }

  /** Someone dials the number. Throws when the carrier has been stopped. */
  call(options: CallOptions): CarrierCall {
    if (this.#stopped) throw new Error('The simulated carrier has been stopped and takes no calls.')
    this.#forgetOldCalls()
    const call = new CarrierCall(this.#exchange, options)
    this.#calls.set(call.sid, call)
    return call
  }

  /** Calls back with everything that happens on any call, until the returned function is called. */
  onTimeline(listener: TimelineListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Ends all calls, tells nobody, and resolves when no socket and no timer is left. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#stopping.abort()
    for (const call of this.#calls.values()) call.abandon()
    this.faults.withholdPolls = false
    await Promise.all([...this.#calls.values()].map(({ ended }) => ended))
    this.#server.closeAllConnections()
    await closed
  }

  #forgetOldCalls(): void {
    const ended = [...this.#calls.values()].filter(({ endedAt }) => endedAt)
    for (const call of ended.slice(0, Math.max(0, ended.length - MAX_ENDED_CALLS)))
      this.#calls.delete(call.sid)
  }
}

function numberFrom({ phoneNumber, voiceUrl, statusCallbackUrl }: CarrierOptions): PhoneNumber {
  return {
    sid: newSid('PN'),
    phoneNumber,
    voiceUrl: voiceUrl ?? '',
    voiceMethod: 'POST',
    voiceFallbackUrl: '',
    voiceFallbackMethod: 'POST',
    statusCallback: statusCallbackUrl ?? '',
    statusCallbackMethod: 'POST',
  }
}
