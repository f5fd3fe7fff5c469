import type { Logger } from 'pino'
import type { Srf } from './drachtio.ts'
import type { Refused } from './invite-rules.ts'
import type { LegMedia } from './leg-media.ts'
import { MediaServer, type MediaServerAddress } from './media-server.ts'
import { isOrdinary, type OfferTerms, UnusableOffer } from './offer.ts'

/** All FreeSWITCH servers; each leg goes to the one with the fewest calls. */
export class MediaServers {
  readonly #servers: readonly MediaServer[]
  readonly #log: Logger

  constructor(
    srf: Srf,
    addresses: readonly MediaServerAddress[],
    log: Logger,
    onUp: (server: string, isUp: boolean) => void,
  ) {
    this.#servers = addresses.map((address) => new MediaServer(srf, address, log, onUp))
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

  /**
   * An endpoint on the least loaded server, or on the next when that one will not. Rejects when none will. `except` names
   * one that is not asked.
   */
  async open(remoteSdp: string, terms: OfferTerms, except?: string): Promise<LegMedia> {
    const able = this.#servers
      .filter(({ fault, name }) => fault === null && name !== except)
      .sort((a, b) => a.load - b.load)
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
