import ipaddr from 'ipaddr.js'
import type { TrunkSettings } from '../../../calls/trunk-ports.ts'
import type { Country } from '../../../numbers/phone-numbers.ts'
import { calledIn, userOf } from '../called-party.ts'
import type { SipRequest } from '../drachtio.ts'

/** A trunk as its calls are judged; `id` is null for the addresses of SIP_TRUNKS, which are one trunk. */
export type Trunk = Omit<TrunkSettings, 'id' | 'enabled'> & { id: string | null }

type Range = readonly [ipaddr.IPv4 | ipaddr.IPv6, number]
type Entry = { trunk: Trunk; ranges: readonly Range[] }

const SETTINGS_TRUNK: Trunk = {
  id: null,
  name: 'SIP_TRUNKS',
  server: null,
  transport: 'udp',
  addresses: [],
  country: null,
  numbers: [],
  didFrom: 'request-uri',
  codecs: [],
  srtp: null,
  maxCalls: null,
  maxCallsPerSecond: null,
  registration: null,
  optionsSeconds: null,
}

/** All trunks by the addresses that their calls come from: those of SIP_TRUNKS, and those that are stored. */
export class TrunkDirectory {
  readonly #canonical: (spelling: string, country: Country | null) => string
  readonly #ofSettings: Entry
  #stored: readonly Entry[] = []

  constructor(cidrs: readonly string[], canonical: (spelling: string, country: Country | null) => string) {
    this.#canonical = canonical
    this.#ofSettings = { trunk: SETTINGS_TRUNK, ranges: cidrs.map((cidr) => ipaddr.parseCIDR(cidr)) }
  }

  /** Takes the place of what was stored before; `addressesOf` tells what stands behind a host. */
  replace(trunks: readonly TrunkSettings[], addressesOf: (host: string) => readonly string[]): void {
    this.#stored = trunks
      .filter(({ enabled }) => enabled)
      .map((trunk) => ({ trunk, ranges: hostsOf(trunk).flatMap((host) => rangesOf(host, addressesOf)) }))
  }

  /**
   * The trunk that sends this request; null when none does. Of several at one address, as a provider has for many customers and
   * a customer for many numbers: the one that is registered as whom it is for, the one with the number, any that takes all.
   */
  of(req: SipRequest): Trunk | null {
    const here = this.#at(req.source_address)
    const user = userOf(req.uri)
    return (
      here.find(({ registration }) => registration?.username === user) ??
      here.find((trunk) => this.#isFor(trunk, req)) ??
      here.find(({ numbers }) => numbers.length === 0) ??
      here[0] ??
      null
    )
  }

  #isFor({ numbers, country, didFrom }: Trunk, req: SipRequest): boolean {
    if (numbers.length === 0) return false
    try {
      return numbers.includes(this.#canonical(calledIn(req, didFrom), country))
    } catch {
      // What cannot be read is refused as malformed, whichever trunk sends it.
      return false
    }
  }

  /** Of a host that is a name nothing is known: it is no trunk. */
  has(host: string): boolean {
    return this.#at(host).length > 0
  }

  /** What an operator has set up comes before the wider range of the settings. */
  #at(host: string): Trunk[] {
    const bare = host.replace(/^\[(.*)\]$/, '$1')
    if (!ipaddr.isValid(bare)) return []
    const address = ipaddr.process(bare)
    return [...this.#stored, this.#ofSettings]
      .filter(({ ranges }) => ranges.some((range) => isIn(address, range)))
      .map(({ trunk }) => trunk)
  }
}

/** Every host from which calls of a trunk may come. */
export const hostsOf = ({ server, addresses }: Pick<TrunkSettings, 'server' | 'addresses'>): string[] =>
  server === null ? addresses : [server, ...addresses]

/** Whether this is a host, and no address or range of them. */
export const isName = (host: string): boolean => !host.includes('/') && !ipaddr.isValid(host)

function rangesOf(host: string, addressesOf: (host: string) => readonly string[]): Range[] {
  if (host.includes('/')) return [ipaddr.parseCIDR(host)]
  const addresses = isName(host) ? addressesOf(host) : [host]
  return addresses.map((address) => ipaddr.process(address)).map((address) => [address, bitsOf(address)])
}

const bitsOf = (address: ipaddr.IPv4 | ipaddr.IPv6): number => (address.kind() === 'ipv6' ? 128 : 32)

const isIn = (address: ipaddr.IPv4 | ipaddr.IPv6, [range, bits]: Range): boolean =>
  range.kind() === address.kind() && address.match(range as never, bits as never)
