import { lookup, Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { Logger } from 'pino'
import { type Clock, systemClock } from '../../../runtime/clock.ts'
import { withTimeout } from '../../../runtime/with-timeout.ts'

/*
 * Which addresses stand behind the name of a trunk, as RFC 3263 §4 has it: a name without a port may have SRV records, and one
 * with a port has addresses alone. It is asked again and again, since providers move.
 */

/** Node tells no lifetime of SRV records; providers' own are 30 s to 5 min. */
const ASK_AGAIN_MS = 60_000
/** A name that could not be resolved may be mended any moment. */
const ASK_AGAIN_BROKEN_MS = 10_000
const PATIENCE_MS = 5_000

/** Calls come over whichever transport the provider likes. */
const SERVICES = ['_sip._udp', '_sip._tcp', '_sips._tcp']

/** Those that say that there is nothing, and not that nobody answered. */
const NOTHING = new Set(['ENOTFOUND', 'ENODATA'])

export type Dns = {
  /** The targets of an SRV record. */
  srv(name: string): Promise<{ name: string }[]>
  /** A and AAAA, the hosts file included. */
  addresses(name: string): Promise<string[]>
}

const resolver = new Resolver({ timeout: 2_000, tries: 2 })

export const systemDns: Dns = {
  srv: (name) => resolver.resolveSrv(name),
  async addresses(name) {
    const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
    const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
    if (found.length > 0) return found
    for (const answer of answers)
      if (answer.status === 'rejected' && !isNothing(answer.reason)) throw answer.reason
    // Only the hosts file is left, for which one of libuv's few threads waits: a DNS that hangs never comes here.
    return (await lookup(name, { all: true })).map(({ address }) => address)
  },
}

const isNothing = (error: unknown): boolean => NOTHING.has((error as NodeJS.ErrnoException).code ?? '')

/** What is known of a name. */
export type ResolvedHost = {
  /** The last that were found, even if it cannot be resolved any more. */
  addresses: string[]
  /** Why it could not be resolved; null when it could. */
  fault: string | null
}

const UNKNOWN: ResolvedHost = { addresses: [], fault: null }

export class HostResolver {
  readonly #dns: Dns
  readonly #log: Logger
  readonly #clock: Pick<Clock, 'now'>
  readonly #known = new Map<string, ResolvedHost & { askAgainAt: number }>()
  /** Questions that nobody waits for any more, and that may yet be answered: they are not asked twice. */
  readonly #open = new Set<string>()

  constructor({ dns, log, clock = systemClock }: { dns: Dns; log: Logger; clock?: Pick<Clock, 'now'> }) {
    this.#dns = dns
    this.#log = log
    this.#clock = clock
  }

  /** Of a host or host:port that `refresh` was told of; an address is itself. */
  resolved(server: string): ResolvedHost {
    const { host } = hostOf(server)
    if (isIP(host)) return { addresses: [host], fault: null }
    const { addresses, fault } = this.#known.get(server) ?? UNKNOWN
    return { addresses, fault }
  }

  /** Asks for those whose answers are old, and forgets those that are not among them. Resolves when all are answered. */
  async refresh(servers: Iterable<string>): Promise<void> {
    const wanted = new Set([...servers].filter((server) => !isIP(hostOf(server).host)))
    for (const server of this.#known.keys()) if (!wanted.has(server)) this.#known.delete(server)
    await Promise.all([...wanted].map((server) => this.#ask(server)))
  }

  async #ask(server: string): Promise<void> {
    const known = this.#known.get(server)
    if (this.#open.has(server) || (known && this.#clock.now() < known.askAgainAt)) return
    try {
      const asking = this.#addressesOf(server).finally(() => this.#open.delete(server))
      this.#open.add(server)
      const addresses = await withTimeout(PATIENCE_MS, asking, 'no answer')
      if (known?.fault) this.#log.info({ host: server }, 'the name of a trunk can be resolved again')
      this.#known.set(server, { addresses, fault: null, askAgainAt: this.#clock.now() + ASK_AGAIN_MS })
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      const fault = code ?? message
      if (known?.fault !== fault)
        this.#log.warn({ host: server, fault }, 'the name of a trunk cannot be resolved; it is tried again')
      const addresses = known?.addresses ?? []
      this.#known.set(server, { addresses, fault, askAgainAt: this.#clock.now() + ASK_AGAIN_BROKEN_MS })
    }
  }

  /** Where SRV records name servers, the name's own addresses are somebody else's, such as a web server's (§4.2). */
  async #addressesOf(server: string): Promise<string[]> {
    const { host, port } = hostOf(server)
    const services = port === null ? SERVICES : []
    const records = await Promise.allSettled(services.map((service) => this.#dns.srv(`${service}.${host}`)))
    const targets = new Set(fulfilled(records).flatMap((found) => found.map(({ name }) => name)))
    targets.delete('')
    const asked = targets.size > 0 ? [...targets] : [host]
    const answers = await Promise.allSettled(asked.map((name) => this.#dns.addresses(name)))
    const addresses = [...new Set(fulfilled(answers).flat())].sort()
    if (addresses.length > 0) return addresses
    throw reasonOf([...answers, ...records]) ?? new Error('no address')
  }
}

function fulfilled<Value>(results: PromiseSettledResult<Value>[]): Value[] {
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
}

/** What is wrong with the DNS rather than that there is no such record. */
function reasonOf(results: PromiseSettledResult<unknown>[]): unknown {
  const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
  return reasons.find((reason) => !isNothing(reason)) ?? reasons[0]
}

/** A host or host:port in its parts; an address of IPv6 with a port stands in brackets. */
export function hostOf(server: string): { host: string; port: number | null } {
  if (isIP(server)) return { host: server, port: null }
  const [, host = server, port] = /^(.*?)(?::(\d+))?$/.exec(server) ?? []
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: port === undefined ? null : Number(port) }
}
