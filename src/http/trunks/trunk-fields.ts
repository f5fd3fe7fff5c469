import ipaddr from 'ipaddr.js'
import { z } from 'zod'
import { DID_SOURCES, SRTP_POLICIES, TRUNK_CODECS, TRUNK_TRANSPORTS } from '../../calls/trunk-ports.ts'
import { type Country, isCountry } from '../../numbers/phone-numbers.ts'
import type { AsJson } from '../as-json.ts'
import { dialledAddress, text } from '../fields.ts'

/*
 * The fields of a SIP trunk, as requests have them.
 */

const MAX_ADDRESSES = 200
const MAX_NUMBERS = 1_000
const MOST_CALLS = 100_000

const LONGEST_NAME = 253
/** RFC 1123, with the underscores that some providers' names have. */
const LABEL = /^[a-z\d_][a-z\d_-]{0,62}$/i

function isHost(host: string): boolean {
  if (ipaddr.isValid(host)) return true
  const labels = host.replace(/\.$/, '').split('.')
  const isName = host.length <= LONGEST_NAME && labels.every((label) => LABEL.test(label))
  return isName && !/^[\d.]+$/.test(host)
}

/** host, host:port or [address]:port. */
function isServer(value: string): boolean {
  if (ipaddr.isValid(value)) return true
  const [, bracketed, bare = '', port] = /^(?:\[([\da-f:.]+)\]|([^:\s]+))(?::(\d{1,5}))?$/i.exec(value) ?? []
  const isPort = port === undefined || (Number(port) > 0 && Number(port) < 65_536)
  return isPort && (bracketed === undefined ? isHost(bare) : ipaddr.IPv6.isValid(bracketed))
}

const server = () =>
  text().refine(isServer, 'must be a host with or without a port, like sip.example.com or 192.0.2.1:5060')

const source = () =>
  text().refine(
    (value) => (value.includes('/') ? ipaddr.isValidCIDR(value) : isHost(value)),
    'must be an address, a CIDR or a DNS name without a port, like 192.0.2.1, 192.0.2.0/24 or sip.example.com',
  )

const isEachOnce = (list: string[]) => new Set(list).size === list.length

const country = () =>
  z
    .string()
    .toUpperCase()
    .refine((code): code is Country => isCountry(code), 'must be a country as two letters, like US or DE')

/** What a SIP URI takes as its user (RFC 3261 §25.1), without what would have to be escaped. */
const sipUser = () =>
  text().regex(/^[\w.!~*'()&=+$,;?/-]+$/, 'must be the user of a SIP address, like 1001 or +15551234567')

/** It stands in quotes in a header. */
const authName = () => text().regex(/^[^"\\\p{Cc}]+$/u, 'must be without quotes, backslashes and line breaks')

const registration = {
  username: sipUser().describe('The user that is registered: of From, To and Contact.'),
  authUsername: authName()
    .nullable()
    .default(null)
    .describe('The name that proves the password; null for `username`.'),
  expiresSeconds: z
    .int()
    .min(60)
    .max(86_400)
    .default(3_600)
    .describe('How long a registration is asked for; the registrar may grant less.'),
}
const password = () => text().describe('Sent to the registrar as a digest alone; no answer ever shows it.')

const trunkFields = {
  name: text().describe('What people call it.'),
  enabled: z
    .boolean()
    .describe('False: its calls are refused as those of strangers, and nothing is sent to it.'),
  server: server()
    .nullable()
    .describe(
      'Where the provider takes our REGISTER and OPTIONS. A name without a port may have SRV records. Calls may come from it.',
    ),
  transport: z.enum(TRUNK_TRANSPORTS).describe('How requests of ours are sent there.'),
  addresses: z
    .array(source())
    .max(MAX_ADDRESSES)
    .refine(isEachOnce, 'must not name an address twice')
    .describe('From where else its calls come. Names are resolved, again and again.'),
  country: country()
    .nullable()
    .describe('Whose numbers it gives without a country (ISO 3166-1 alpha-2); null for DEFAULT_COUNTRY.'),
  numbers: z
    .array(dialledAddress())
    .max(MAX_NUMBERS)
    .refine(isEachOnce, 'must not name a number twice')
    .describe('The called numbers that are answered; none means those of SIP_NUMBERS.'),
  didFrom: z
    .enum(DID_SOURCES)
    .describe('Where the called number stands: in the Request-URI, or in the To header.'),
  codecs: z
    .array(z.enum(TRUNK_CODECS))
    .refine(isEachOnce, 'must not name a codec twice')
    .describe('Those of an offer that are taken; none means all.'),
  srtp: z
    .enum(SRTP_POLICIES)
    .nullable()
    .describe('Whether its audio may, or must, be encrypted (SRTP); null for what SIP_SRTP says.'),
  maxCalls: z
    .int()
    .min(1)
    .max(MOST_CALLS)
    .nullable()
    .describe('How many calls it may have at once, over all nodes; one more is answered 503.'),
  maxCallsPerSecond: z
    .number()
    .min(0.01)
    .max(1_000)
    .nullable()
    .describe('How many calls may begin in a second, over all nodes; one more is answered 503.'),
  optionsSeconds: z
    .int()
    .min(5)
    .max(3_600)
    .nullable()
    .describe('How often its server is asked by OPTIONS whether it is there; null for never.'),
}

export const TrunkDraft = z
  .strictObject({
    name: trunkFields.name,
    enabled: trunkFields.enabled.default(true),
    server: trunkFields.server.default(null),
    transport: trunkFields.transport.default('udp'),
    addresses: trunkFields.addresses.default([]),
    country: trunkFields.country.default(null),
    numbers: trunkFields.numbers.default([]),
    didFrom: trunkFields.didFrom.default('request-uri'),
    codecs: trunkFields.codecs.default([]),
    srtp: trunkFields.srtp.default(null),
    maxCalls: trunkFields.maxCalls.default(null),
    maxCallsPerSecond: trunkFields.maxCallsPerSecond.default(null),
    registration: z
      .strictObject({ ...registration, password: password() })
      .nullable()
      .default(null),
    optionsSeconds: trunkFields.optionsSeconds.default(30),
  })
  .meta({ id: 'TrunkDraft' })

export const TrunkChange = z
  .strictObject({
    ...trunkFields,
    registration: z
      .strictObject({ ...registration, password: password().optional() })
      .nullable()
      .describe('The password stays as it is where it is left out.'),
  })
  .partial()
  .meta({ id: 'TrunkChange', description: 'What is left out stays as it is.' })

const TrunkState = z
  .object({
    keptBy: z
      .string()
      .nullable()
      .describe(
        'The machine of the one node that registers it and asks for its server; null while none does.',
      ),
    registration: z
      .object({
        status: z
          .enum(['registered', 'failed', 'pending'])
          .describe('`registered` until its time is over, even if it could not be renewed lately.'),
        until: z.date().nullable().describe('When it ends unless it is renewed.'),
        error: z.string().nullable().describe('Why the last try failed.'),
        at: z.date().nullable().describe('Of the last try.'),
      })
      .nullable(),
    server: z
      .object({
        isAnswering: z.boolean(),
        status: z.int().nullable().describe('The final answer to the last OPTIONS.'),
        error: z.string().nullable(),
        failures: z.int().describe('In a row.'),
        failingSince: z.date().nullable(),
        roundTripMs: z.number().nullable(),
        at: z.date(),
      })
      .nullable()
      .describe('Null before the first OPTIONS, and where none are sent.'),
    names: z
      .array(z.object({ name: z.string(), addresses: z.array(z.string()), fault: z.string().nullable() }))
      .describe(
        'What stands behind its DNS names; while one cannot be resolved, the addresses are those of before.',
      ),
    liveCalls: z.int().describe('Over all nodes.'),
  })
  .meta({ id: 'TrunkState', description: 'How a trunk is doing.' })

export const Trunk = z
  .object({
    id: z.uuid(),
    ...trunkFields,
    country: z.string().nullable(),
    registration: z
      .object({ username: z.string(), authUsername: z.string().nullable(), expiresSeconds: z.int() })
      .nullable()
      .describe('What is registered there; its password is never shown.'),
    agents: z
      .array(z.object({ number: z.string(), agentId: z.uuid(), agentName: z.string() }))
      .describe('Which agent answers which of its numbers; the others are answered by the default one.'),
    state: TrunkState,
    warnings: z.array(z.string()).describe('Why its calls will not go as one may expect.'),
    createdAt: z.date(),
    updatedAt: z.date(),
  })
  .meta({ id: 'Trunk', description: 'A provider or a telephone system whose SIP calls are taken.' })

export const SettingsTrunk = z
  .object({ addresses: z.array(z.string()), numbers: z.array(z.string()).nullable() })
  .meta({
    id: 'SettingsTrunk',
    description: 'The trunk of SIP_TRUNKS and SIP_NUMBERS, which is changed in the environment alone.',
  })

export const TrunkList = z.object({ trunks: z.array(Trunk), fromSettings: SettingsTrunk.nullable() })

export type Trunk = AsJson<z.output<typeof Trunk>>
export type TrunkList = AsJson<z.output<typeof TrunkList>>
