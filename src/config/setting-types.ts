import ipaddr from 'ipaddr.js'
import { z } from 'zod'
import { type Country, isCountry } from '../numbers/phone-numbers.ts'
import { InvalidDatabaseUrl, readDatabaseUrl } from './database-url.ts'

/*
 * The kinds of settings: each turns the text found in the environment into a value, and can say what it allows.
 */

/** What a fault line says about a setting: which values are allowed, and whether the one found may be shown. */
export type AboutSetting = { allowed: string; secret?: boolean }
const about = z.registry<AboutSetting>()

export const setting = <S extends z.ZodType>(schema: S, allowed: string, secret = false): S => {
  about.add(schema, { allowed, secret })
  return schema
}

/** Left unset, the setting is null. */
export const orNull = <S extends z.ZodType>(schema: S) => schema.nullable().default(null)

export const text = (allowed = 'any text') => setting(z.string(), allowed)
export const secret = (allowed = 'any text') => setting(z.string(), allowed, true)
export const pattern = (regex: RegExp, allowed: string) => setting(z.string().regex(regex), allowed)

export const choice = <const T extends readonly string[]>(...values: T) =>
  setting(z.enum(values), values.join(', '))

export const flag = () =>
  setting(
    z.stringbool({ truthy: ['true', '1', 'yes'], falsy: ['false', '0', 'no'] }),
    'true, false, 1, 0, yes, no',
  )

export const wholeNumber = (from: number, to: number) =>
  setting(
    z.string().regex(/^\d+$/).transform(Number).pipe(z.number().min(from).max(to)),
    `a whole number from ${from} to ${to}`,
  )

const decimal = z
  .string()
  .regex(/^\d+(\.\d+)?$/)
  .transform(Number)

export const number = (from: number, to: number) =>
  setting(decimal.pipe(z.number().min(from).max(to)), `a number from ${from} to ${to}`)

/** A length of time given in some unit and handed on in milliseconds; fractions serve tests and short demos. */
export const duration = (unit: 'seconds' | 'hours', max: number) =>
  setting(
    decimal.pipe(z.number().gt(0).max(max)).transform((value) => value * MILLISECONDS[unit]),
    `${unit}, more than 0 and at most ${max}`,
  )
const MILLISECONDS = { seconds: 1_000, hours: 3_600_000 }

/** An URL without user, query or fragment; it is handed on without a slash at its end. */
export const url = (protocols: string[], { path }: { path: boolean }, allowed: string) =>
  setting(
    z
      .string()
      .refine((value) => {
        const parsed = URL.parse(value)
        if (!parsed || !protocols.includes(parsed.protocol) || !parsed.host) return false
        if (parsed.username || parsed.password || /[?#]/.test(value)) return false
        return path || parsed.pathname === '/'
      })
      .transform((value) => new URL(value).href.replace(/\/$/, '')),
    allowed,
  )

export const httpOrigin = () =>
  url(
    ['http:', 'https:'],
    { path: false },
    'an http or https origin without a path, like https://voice.example.com',
  )

export const httpOrigins = () =>
  setting(
    z.string().transform(list).pipe(z.array(httpOrigin()).min(1)),
    'http or https origins without a path, separated by commas, like https://www.example.com',
  )

/** The servers that help a browser through firewalls, as RTCPeerConnection takes them: https://www.w3.org/TR/webrtc/#rtciceserver-dictionary */
export const iceServers = () =>
  setting(
    z
      .string()
      .transform((value, context): unknown => {
        try {
          return JSON.parse(value)
        } catch {
          context.addIssue({ code: 'custom', message: 'it is no JSON', params: { isReason: true } })
          return z.NEVER
        }
      })
      .pipe(z.array(ICE_SERVER).min(1)),
    'JSON like [{"urls":"turn:turn.example.com:3478","username":"u","credential":"c"}], whose urls begin with stun:, stuns:, turn: or turns:',
    true,
  )

/** RFC 7064 and RFC 7065. */
const iceUrl = z.string().regex(/^(?:stuns?|turns?):[^\s/?]+(?:\?transport=(?:udp|tcp))?$/)
const ICE_SERVER = z.strictObject({
  urls: z.union([iceUrl, z.array(iceUrl).min(1)]),
  username: z.string().optional(),
  credential: z.string().optional(),
})

export const httpBase = () =>
  url(['http:', 'https:'], { path: true }, 'an http or https URL, like https://api.example.com')

const list = (value: string) =>
  value
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')

/** One or more of these, each once. */
export const choices = <const T extends readonly [string, ...string[]]>(...values: T) =>
  setting(
    z
      .string()
      .transform(list)
      .pipe(z.array(z.enum(values)).min(1))
      .transform((found): T[number][] => [...new Set(found)]),
    `one or more of ${values.join(', ')}, separated by commas`,
  )

/** Names with their passwords, none of which is ever shown, and the number that is each one's own. */
export const credentials = () =>
  setting(
    z
      .string()
      .transform(list)
      .pipe(z.array(z.string().regex(/^[^\s:="\\]+(?:=\+?\d{1,15})?:[^\s]+$/)).min(1))
      .transform((entries) =>
        entries.map((entry) => {
          const colon = entry.indexOf(':')
          const [name = '', number = null] = entry.slice(0, colon).split('=')
          return { name, number, password: entry.slice(colon + 1) }
        }),
      ),
    'name:password or name=number:password, several separated by commas',
    true,
  )

export const phoneNumbers = () =>
  setting(
    z
      .string()
      .transform(list)
      .pipe(z.array(z.string().regex(/^[+(]?[\w.\-() /]{1,64}$/)).min(1)),
    'comma-separated numbers or names, like +15551234567, support',
  )

/** Adds the full prefix to a bare address, so that all that follows only meets CIDRs. */
const asCidr = (entry: string) => {
  if (entry.includes('/') || !ipaddr.isValid(entry)) return entry
  return `${entry}/${ipaddr.parse(entry).kind() === 'ipv6' ? 128 : 32}`
}

export const cidrs = () =>
  setting(
    z
      .string()
      .transform((value) => list(value).map(asCidr))
      .pipe(z.array(z.string().refine((entry) => ipaddr.isValidCIDR(entry)))),
    'comma-separated addresses or CIDRs, like 10.0.0.0/8, 2001:db8::/32',
  )

const PROXY_NAMES = ['loopback', 'linklocal', 'uniquelocal']
const isProxy = (entry: string) => PROXY_NAMES.includes(entry) || ipaddr.isValidCIDR(asCidr(entry))

/** Express's `trust proxy` value: https://expressjs.com/en/guide/behind-proxies.html */
export const trustProxy = () =>
  setting(
    z.union([
      z.stringbool({ truthy: ['true'], falsy: ['false'] }),
      z.string().regex(/^\d+$/).transform(Number),
      z
        .string()
        .transform(list)
        .pipe(z.array(z.string().refine(isProxy))),
    ]),
    'true, false, a number of hops, or comma-separated addresses, CIDRs, loopback, linklocal, uniquelocal',
  )

/** Several hosts, each with a port of its own or the common one. */
export const hosts = () =>
  setting(
    z
      .string()
      .transform(list)
      .pipe(z.array(z.string().regex(/^[^\s:]+(:\d{1,5})?$/)).min(1)),
    'a host, or comma-separated host:port',
  )

/** ISO 3166-1 alpha-2. */
export const country = () =>
  setting(
    z
      .string()
      .toUpperCase()
      .refine((code): code is Country => isCountry(code)),
    'a country as two letters, like US or DE',
  )

export const port = () => wholeNumber(0, 65_535)

/** The address of a PostgreSQL, kept as text; what is wrong with it is said as `allowed`. */
export const databaseUrl = () =>
  setting(
    z.string().superRefine((value, context) => {
      try {
        readDatabaseUrl(value)
      } catch (error) {
        if (!(error instanceof InvalidDatabaseUrl)) throw error
        context.addIssue({ code: 'custom', message: error.message, params: { isReason: true } })
      }
    }),
    'an URL like postgres://user:password@host:5432/database?sslmode=verify-full',
    true,
  )

/** What was said about a setting when it was declared, however it was wrapped since. */
export function aboutSetting(schema: z.core.$ZodType): AboutSetting {
  const known = about.get(schema)
  if (known) return known
  return aboutSetting((schema as z.ZodOptional).unwrap())
}
