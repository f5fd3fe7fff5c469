import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { parse, toClientConfig } from 'pg-connection-string'

/*
 * DATABASE_URL as libpq reads it (https://www.postgresql.org/docs/current/libpq-connect.html), for the driver `pg`: every
 * connection of the process is made from what this file answers.
 */

/** What pg's clients and pools take. */
type ClientConfig = ReturnType<typeof toClientConfig>

/** As libpq names them; `no-verify` is pg's own word for TLS with whatever certificate. */
const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'] as const
export type SslMode = (typeof SSL_MODES)[number]

/** Where a database is and how it is reached. */
export type DatabaseAddress = {
  /** All that pg takes, in an object of its own: pg hides parts of what it is given. */
  client: ClientConfig
  sslMode: SslMode
  /** On this machine: a socket, or a loopback address. */
  isLocal: boolean
}

/** The address cannot be used; the message says what is wrong with it and shows no secret. */
export class InvalidDatabaseUrl extends Error {
  override readonly name = 'InvalidDatabaseUrl'
}

const FILES = ['sslrootcert', 'sslcert', 'sslkey'] as const

/** What pg sends or does by itself, and what is done for it below. */
const PARAMETERS = [
  ...FILES,
  'host',
  'port',
  'user',
  'password',
  'dbname',
  'sslmode',
  'sslpassword',
  'sslnegotiation',
  'options',
  'application_name',
  'fallback_application_name',
  'connect_timeout',
  'client_encoding',
  'keepalives',
  'keepalives_idle',
  'channel_binding',
  'target_session_attrs',
  'uselibpqcompat',
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
  'query_timeout',
  // Kerberos is none of pg's trades, so whoever switches it off is obeyed.
  'gssencmode',
  'krbsrvname',
]

/** The start refuses a database that cannot be written, so that these are kept without a word to the driver. */
const WRITABLE = ['any', 'read-write', 'primary']

/** @throws InvalidDatabaseUrl */
export function readDatabaseUrl(url: string): DatabaseAddress {
  const [place = '', query = ''] = splitUrl(url)
  const given = Object.fromEntries(new URLSearchParams(query))
  checkParameters(given)
  checkPlace(place, given)
  const sslMode = sslModeOf(given, isLocalHost(given.host ?? hostIn(place)))
  checkCertificates(given, sslMode)
  const parsed = parsedBy(place, given, sslMode)
  const client: ClientConfig = { ...toClientConfig(parsed), ...driverOptions(given) }
  client.host ||= 'localhost'
  client.database ||= given.dbname || client.user
  if (sslMode === 'disable' || sslMode === 'allow') client.ssl = false
  if (given.sslpassword && typeof client.ssl === 'object') client.ssl.passphrase = given.sslpassword
  return { client, sslMode, isLocal: isLocalHost(client.host) }
}

/** The same address with this TLS mode, for a mode that leaves it to the server. */
export function withSslMode(url: string, sslMode: SslMode): string {
  const [place = '', query = ''] = splitUrl(url)
  const params = new URLSearchParams(query)
  params.set('sslmode', sslMode)
  return `${place}?${params}`
}

/** In one line, without the password: `ann@db.example.com:5432/calls, sslmode=verify-full, options=-c search_path=x`. */
export function describeDatabaseUrl(url: string): string {
  const { client, sslMode } = readDatabaseUrl(url)
  const { host = '', user, database, options, application_name } = client
  const port = client.port ?? DEFAULT_PORT
  const place = host.startsWith('/') ? `${host}/.s.PGSQL.${port}, database ` : `${bracketed(host)}:${port}/`
  const [, query = ''] = splitUrl(url)
  const params = new URLSearchParams(query)
  const files = FILES.filter((name) => params.has(name)).map((name) => `${name}=${params.get(name)}`)
  return [
    `${user ? `${user}@` : ''}${place}${database ?? ''}`,
    ...(host.startsWith('/') ? [] : [`sslmode=${sslMode}`, ...files]),
    ...(options ? [`options=${options}`] : []),
    ...(application_name ? [`application_name=${application_name}`] : []),
  ].join(', ')
}

const DEFAULT_PORT = 5432
const bracketed = (host: string) => (host.includes(':') ? `[${host}]` : host)

function splitUrl(url: string): [place: string, query: string] {
  const at = url.indexOf('?')
  return at === -1 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)]
}

function checkParameters(given: NodeJS.Dict<string>): void {
  const unknown = Object.keys(given).find((name) => !PARAMETERS.includes(name))
  if (unknown !== undefined)
    throw new InvalidDatabaseUrl(`it has the parameter ${unknown}, which is none of ${PARAMETERS.join(', ')}`)
  const { target_session_attrs: attributes = 'any', client_encoding: encoding = 'auto' } = given
  if (!WRITABLE.includes(attributes))
    throw new InvalidDatabaseUrl(`target_session_attrs may be ${WRITABLE.join(', ')}: calls are written`)
  if (!/^(auto|utf-?8|unicode)$/i.test(encoding))
    throw new InvalidDatabaseUrl('client_encoding may be UTF8 alone, which is what the driver speaks')
}

function checkPlace(place: string, given: NodeJS.Dict<string>): void {
  if (!/^postgres(ql)?:\/\//.test(place)) throw new InvalidDatabaseUrl('it begins with postgres://')
  if ((given.host ?? hostIn(place)).includes(','))
    throw new InvalidDatabaseUrl('it names one host: the driver does not choose among several')
  for (const [name, value] of [
    ['port', given.port ?? ''],
    ['connect_timeout', given.connect_timeout ?? ''],
  ])
    if (!/^-?\d*$/.test(value ?? '')) throw new InvalidDatabaseUrl(`${name} is a number`)
}

const hostIn = (place: string): string => {
  const authority = place.replace(/^\w+:\/\//, '').replace(/\/[^@]*$/, '')
  const host = authority.slice(authority.lastIndexOf('@') + 1).replace(/:\d*$/, '')
  try {
    return decodeURIComponent(host.replace(/^\[(.*)\]$/, '$1'))
  } catch {
    throw new InvalidDatabaseUrl('its host has a % that begins no character; a % itself is written %25')
  }
}

const isLocalHost = (host: string): boolean => /^($|\/|localhost$|127\.|::1$)/.test(host)

/** libpq prefers TLS. Between programs of one machine that costs time and guards nothing. */
function sslModeOf(given: NodeJS.Dict<string>, isLocal: boolean): SslMode {
  const { sslmode, sslrootcert } = given
  if (sslmode !== undefined && !SSL_MODES.some((mode) => mode === sslmode))
    throw new InvalidDatabaseUrl(`sslmode is one of ${SSL_MODES.slice(0, -1).join(', ')}`)
  if (sslrootcert === SYSTEM_CERTIFICATES) return 'verify-full'
  const mode = sslmode as SslMode | undefined
  if (mode === 'require' && sslrootcert) return 'verify-ca'
  return mode ?? (isLocal ? 'disable' : 'prefer')
}

/** libpq's word for the certificates that the system, here Node, trusts. */
const SYSTEM_CERTIFICATES = 'system'

function checkCertificates(given: NodeJS.Dict<string>, sslMode: SslMode): void {
  if (sslMode === 'verify-ca' && !given.sslrootcert)
    throw new InvalidDatabaseUrl('sslmode=verify-ca needs sslrootcert, the file of the authority to trust')
  const [ca, cert, key] = FILES.map((name) => readCertificate(name, given[name]))
  try {
    createSecureContext({ ca, cert, key, passphrase: given.sslpassword })
  } catch (cause) {
    const why = (cause as Error).message
    throw new InvalidDatabaseUrl(`sslrootcert, sslcert and sslkey cannot be used (${why})`, { cause })
  }
}

function readCertificate(name: string, path: string | undefined): string | undefined {
  if (!path || path === SYSTEM_CERTIFICATES) return undefined
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new InvalidDatabaseUrl(`${name} names ${path}, which cannot be read (${code})`, { cause })
  }
}

/** What the library calls libpq's meaning; `allow` and `no-verify` it has none for. */
const KNOWN_TO_PARSER: Partial<Record<SslMode, SslMode>> = {
  allow: 'disable',
  prefer: 'prefer',
  'no-verify': 'require',
}

function parsedBy(place: string, given: NodeJS.Dict<string>, sslMode: SslMode) {
  const params = new URLSearchParams(given as Record<string, string>)
  for (const name of ['uselibpqcompat', 'dbname', 'connect_timeout', 'keepalives', 'keepalives_idle'])
    params.delete(name)
  for (const name of ['channel_binding', 'target_session_attrs', 'gssencmode', 'krbsrvname', 'sslpassword'])
    params.delete(name)
  if (params.get('sslrootcert') === SYSTEM_CERTIFICATES || !isVerified(sslMode)) params.delete('sslrootcert')
  params.set('sslmode', KNOWN_TO_PARSER[sslMode] ?? sslMode)
  try {
    return parse(`${place}?${params}`, { useLibpqCompat: true })
  } catch (cause) {
    throw new InvalidDatabaseUrl('it cannot be made out; special characters are percent-encoded', { cause })
  }
}

const isVerified = (sslMode: SslMode) => sslMode === 'verify-ca' || sslMode === 'verify-full'

/** What pg has other names for. A connection of which nothing is heard is noticed by the system (keepalives). */
function driverOptions(given: NodeJS.Dict<string>): ClientConfig {
  const { connect_timeout: timeout, keepalives = '1', keepalives_idle: idle } = given
  return {
    keepAlive: keepalives !== '0',
    ...(idle && { keepAliveInitialDelayMillis: Number(idle) * 1000 }),
    ...(Number(timeout) > 0 && { connectionTimeoutMillis: Number(timeout) * 1000 }),
    ...(given.channel_binding === 'require' && { enableChannelBinding: true }),
  }
}
