import type { Logger } from 'pino'
import type { Srf } from './drachtio.ts'
import type { EventSocketAddress } from './event-socket.ts'
import type { LegMedia } from './leg-media.ts'
import { MediaServer } from './media-server.ts'

/** All FreeSWITCH servers; each leg goes to the one with the fewest calls. */
export class MediaServers {
  readonly #servers: readonly MediaServer[]
  readonly #log: Logger

  constructor(
    srf: Srf,
    addresses: readonly EventSocketAddress[],
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
  async open(remoteSdp: string, isWideband: boolean, except?: string): Promise<LegMedia> {
    const able = this.#servers
      .filter(({ fault, name }) => fault === null && name !== except)
      .sort((a, b) => a.load - b.load)
    let refusal: unknown = new Error(this.fault ?? 'no FreeSWITCH takes legs')
    for (const server of able) {
      try {
        return await server.open(remoteSdp, isWideband)
      } catch (error) {
        refusal = error
        if (isOfTheCaller(error)) break
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

/** No server can do with this offer: no codec of it is spoken here (RFC 3261 §21.4.26), or it is none. */
export const isOfTheCaller = (error: unknown): boolean => {
  const { status } = error as { status?: number }
  return status === 488 || status === 415 || status === 400
}
