import type { Country } from '../numbers/phone-numbers.ts'

/*
 * A SIP trunk, as the rooms that set it up, store it and take its calls know it.
 */

export const TRUNK_TRANSPORTS = ['udp', 'tcp', 'tls'] as const
export const TRUNK_CODECS = ['PCMU', 'PCMA', 'G722', 'OPUS'] as const
/** Whether its calls may, or must, be encrypted (SRTP). */
export const SRTP_POLICIES = ['off', 'optional', 'required'] as const
/** Where the called number stands: registered trunks often have their own user name in the Request-URI. */
export const DID_SOURCES = ['request-uri', 'to'] as const

export type TrunkTransport = (typeof TRUNK_TRANSPORTS)[number]
export type TrunkCodec = (typeof TRUNK_CODECS)[number]
export type SrtpPolicy = (typeof SRTP_POLICIES)[number]
export type DidSource = (typeof DID_SOURCES)[number]

/** What we register as at a provider (RFC 3261 §10). */
export type TrunkRegistration = {
  /** The user of the address of record, and of the Contact at which calls then come in. */
  username: string
  /** The name in the proof of the password; null where it is `username`. */
  authUsername: string | null
  password: string
  /** What is asked for; the registrar may grant less. */
  expiresSeconds: number
}

export type TrunkSettings = {
  id: string
  name: string
  /** False leaves it as if it were not there. */
  enabled: boolean
  /** Where the provider takes requests of ours, as host or host:port; null where it takes none. Calls may come from there. */
  server: string | null
  /** How requests of ours are sent there. */
  transport: TrunkTransport
  /** From where else its calls come: addresses, CIDRs, DNS names. */
  addresses: string[]
  /** Whose numbers it gives without a country; null for DEFAULT_COUNTRY. */
  country: Country | null
  /** The called numbers that are answered; empty for those of SIP_NUMBERS. */
  numbers: string[]
  didFrom: DidSource
  /** Those of an offer that are taken; empty for all. */
  codecs: TrunkCodec[]
  /** Null for SIP_SRTP. */
  srtp: SrtpPolicy | null
  /** How many calls it may have at once, over all nodes; null for no limit of its own. */
  maxCalls: number | null
  maxCallsPerSecond: number | null
  registration: TrunkRegistration | null
  /** How often its server is asked by OPTIONS whether it is there; null for never. */
  optionsSeconds: number | null
}

/** What became of the last REGISTER: for how long the registrar has granted it, or why it did not; both null when it was taken back. */
export type RegistrationNews = { grantedSeconds: number | null; error: string | null }

/** What became of the last OPTIONS: the final status and how long it took, or why there was none that counts. */
export type ServerNews = { status: number | null; roundTripMs: number | null; error: string | null }

/** What stands behind a name of the trunk, and why it cannot be resolved now. */
export type TrunkName = { name: string; addresses: string[]; fault: string | null }

/** Which limit of its trunk keeps a call out; `gone` where the trunk is there no more. */
export type NoPlace = 'calls' | 'rate' | 'gone'

/** What a process that holds SIP legs asks of the stored trunks. */
export interface TrunkRegister {
  /** All of them, the oldest first. */
  list(): Promise<TrunkSettings[]>
  /**
   * Takes those of these trunks whose node is gone or has not said this for `leaseMs`, and goes on with its own, by the
   * database's clock. Resolves with the ids of all that this node keeps now: it alone registers and asks for them.
   */
  keep(trunkIds: readonly string[], leaseMs: number): Promise<string[]>
  /** Leaves the trunks that this node keeps to the others. Resolves with whether any of those holds SIP legs. */
  leave(): Promise<boolean>
  /** Written only while this node keeps the trunk. */
  tellRegistration(trunkId: string, news: RegistrationNews): Promise<void>
  tellServer(trunkId: string, news: ServerNews): Promise<void>
  tellNames(trunkId: string, names: TrunkName[]): Promise<void>
  /** Gives a call, under an id of its own, one of its trunk's places over all nodes. Resolves with null when it has one. */
  takePlace(trunkId: string, placeId: string): Promise<NoPlace | null>
  leavePlace(placeId: string): Promise<void>
}
