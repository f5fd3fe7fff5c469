import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import { awakeMs } from '../../runtime/loop-delay.ts'
import type { Srf } from './drachtio.ts'
import { FreeSwitchServer, type FreeSwitchServerAddress } from './free-switch-server.ts'
import type { Refused } from './invite-rules.ts'
import type { LegMedia } from './leg-media.ts'
import { isOrdinary, type OfferTerms, UnusableOffer } from './offer.ts'

/** A caller hears nothing yet, and would rather wait than be turned away for a server that is busy just now. */
const PATIENCE_MS = 5_000
/** How often it is looked whether one is back. */
const LOOK_MS = 50

/** All FreeSWITCH servers; each leg goes to the one with the fewest calls. */
export class FreeSwitchServers {
  readonly #servers: readonly FreeSwitchServer[]
  readonly #log: Logger

  constructor(
    srf: Srf,
    addresses: readonly FreeSwitchServerAddress[],
    log: Logger,
    onUp: (server: string, isUp: boolean) => void,
  ) {
    this.#servers = addresses.map((address) => new FreeSwitchServer(srf, address, log, onUp))
    this.#log = log
  }

  /** What keeps every one of them from taking legs; null while one takes some. */
  get fault(): string | null {
    const faults = this.#servers.map(({ fault }) => fault)
    if (faults.includes(null)) return null
    return [...new Set(faults)].join('; ') || 'no FreeSWITCH is set'
  }

  start(): void {
    for (const server of this.#servers) server.start()
  }

  async stop(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.stop()))
  }

  /** Whether one takes legs, now or in a moment: one that was there until a moment ago is waited for. */
  async areThere(): Promise<boolean> {
    while (this.fault !== null && this.#servers.some(({ isMissed }) => isMissed)) await pause(LOOK_MS)
    return this.fault === null
  }

  /**
   * An endpoint on the least loaded server, or on the next when that one will not. Rejects when none will, some seconds
   * after the first one could not. `except` names one that is not asked.
   */
  async open(remoteSdp: string, terms: OfferTerms, except?: string): Promise<LegMedia> {
    const others = this.#servers.filter(({ name }) => name !== except)
    const giveUpAt = awakeMs() + PATIENCE_MS
    for (;;) {
      try {
        return await this.#openOn(others, remoteSdp, terms)
      } catch (error) {
        const isLate = awakeMs() >= giveUpAt || isOfTheCaller(error, remoteSdp)
        if (isLate || !(isBusy(error) || others.some(({ isMissed }) => isMissed))) throw error
        await pause(LOOK_MS)
      }
    }
  }

  async #openOn(
    servers: readonly FreeSwitchServer[],
    remoteSdp: string,
    terms: OfferTerms,
  ): Promise<LegMedia> {
    const able = servers.filter(({ fault }) => fault === null).sort((a, b) => a.load - b.load)
    let refusal: unknown = new Error(this.fault ?? 'no FreeSWITCH takes legs')
    for (const server of able) {
      try {
        return await server.open(remoteSdp, terms)
      } catch (error) {
        refusal = error
        if (isOfTheCaller(error, remoteSdp)) break
        this.#log.warn({ err: error, freeSwitch: server.name }, 'FreeSWITCH did not take a leg')
      }
    }
    throw refusal
  }

  /** Ends a channel that another process left on this server. */
  async kill(server: string, channel: string): Promise<void> {
    await this.#servers.find((each) => each.is(server))?.kill(channel)
  }
}

/** drachtio-fsmrf's words for a channel that was answered, and did not call back within four seconds. */
const isBusy = (error: unknown): boolean => error instanceof Error && error.message === 'Connection timeout'

/**
 * No server can do with this offer: no codec of it is spoken here (RFC 3261 §21.4.26), or it is none. The same refusal of an
 * offer that every server can take means that this one has no more RTP ports.
 */
const isOfTheCaller = (error: unknown, sdp: string): boolean => {
  if (error instanceof UnusableOffer) return true
  const { status } = error as { status?: number }
  return (status === 488 || status === 415 || status === 400) && sdp !== '' && !isOrdinary(sdp)
}

/** How a caller is turned away whose offer nobody can take; null when that is not the caller's fault. */
export function refusalOf(error: unknown, sdp: string): Refused | null {
  if (!isOfTheCaller(error, sdp)) return null
  if (!(error instanceof UnusableOffer)) return { status: 488, reason: 'sip_no_codec' }
  const { status, reason, headers } = error
  return { status, reason, headers }
}
