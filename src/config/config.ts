import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { z } from 'zod'
import { VOICE_TRUSTS } from '../calls/caller-trust.ts'
import {
  aboutSetting,
  choice,
  choices,
  cidrs,
  country,
  credentials,
  databaseUrl,
  duration,
  flag,
  hosts,
  httpBase,
  httpOrigin,
  httpOrigins,
  iceServers,
  number,
  orNull,
  pattern,
  phoneNumbers,
  port,
  secret,
  setting,
  text,
  trustProxy,
  url,
  wholeNumber,
} from './setting-types.ts'

/*
 * Every setting of the service, read once, checked and frozen. Nothing else reads the environment.
 */

/** The longest that any wait may last. Each is a timer, and nobody stays on the phone for longer than an hour of it. */
const HOUR_IN_SECONDS = 3_600
const YEAR_IN_HOURS = 8_760

const GREETING = 'Hello, and thank you for calling. One moment please while I get ready to speak with you.'

/** What a process does; by default all of it. */
export const ROLES = ['web', 'media', 'sip', 'worker'] as const
export type Role = (typeof ROLES)[number]

const settings = z.object({
  NODE_ENV: text().prefault('development'),
  HOST: orNull(text('a host name or an address')),
  PORT: port().prefault('3006'),
  PUBLIC_URL: orNull(httpOrigin()),
  TRUST_PROXY: trustProxy().prefault('false'),
  DATABASE_URL: orNull(databaseUrl()),
  MIGRATION_DATABASE_URL: orNull(databaseUrl()),
  DATA_DIR: text('a folder').prefault('./data'),
  NODE_URL: orNull(httpOrigin()),
  ROLES: choices(...ROLES).prefault(ROLES.join(',')),
  ELEVENLABS_API_KEY: orNull(secret()),
  ELEVENLABS_AGENT_ID: orNull(text()),
  ELEVENLABS_BASE_URL: httpBase().prefault('https://api.elevenlabs.io'),
  ELEVENLABS_WEBHOOK_SECRET: orNull(secret()),
  OPENAI_API_KEY: orNull(secret()),
  OPENAI_BASE_URL: httpBase().prefault('https://api.openai.com'),
  OPENAI_REALTIME_MODEL: text().prefault('gpt-realtime-2.1'),
  OPENAI_LIVE_MODEL: text().prefault('gpt-live-1.1'),
  OPENAI_TRANSCRIBE_MODEL: text().prefault('gpt-realtime-whisper'),
  TWILIO_ACCOUNT_SID: orNull(pattern(/^AC[0-9a-zA-Z]+$/, 'an account SID: AC and 32 letters and digits')),
  TWILIO_AUTH_TOKEN: orNull(secret()),
  TWILIO_PHONE_NUMBER: orNull(pattern(/^\+[1-9]\d{1,14}$/, 'a number in E.164 form, like +15551234567')),
  TWILIO_API_BASE_URL: httpBase().prefault('https://api.twilio.com'),
  SKIP_WEBHOOK_SIGNATURE_VALIDATION: flag().prefault('false'),
  ADMIN_API_KEY: orNull(secret()),
  ALLOWED_IPS: orNull(cidrs()),
  GREETING_VOICE_ID: text().prefault('21m00Tcm4TlvDq8ikWAM'),
  GREETING_MESSAGE: text().prefault(GREETING),
  GREETING_MUSIC_ENABLED: flag().prefault('true'),
  GREETING_MUSIC_URL: orNull(
    setting(z.url({ protocol: /^https?$/, normalize: true }), 'an http or https URL of an audio file'),
  ),
  VOICE_TRUST: choice(...VOICE_TRUSTS).prefault('trunk'),
  CLONE_MAX_WAIT_SECONDS: duration('seconds', HOUR_IN_SECONDS).prefault('35'),
  POLL_INTERVAL_SECONDS: duration('seconds', 60).prefault('2'),
  VOICE_CACHE_TTL_HOURS: duration('hours', YEAR_IN_HOURS).prefault('24'),
  SILENCE_TIMEOUT_SECONDS: duration('seconds', HOUR_IN_SECONDS).prefault('20'),
  VOICEMAIL_DETECTION_SECONDS: duration('seconds', HOUR_IN_SECONDS).prefault('15'),
  MAX_CONCURRENT_CALLS: wholeNumber(1, 100_000).prefault('200'),
  DEFAULT_COUNTRY: orNull(country()),
  MAX_CALLS_PER_SECOND: number(0.01, 1_000).prefault('1'),
  TELEPHONY_PROVIDER: choice('twilio', 'sip').prefault('twilio'),
  SIP_TRAFFIC_PERCENT: number(0, 100).prefault('0'),
  ENABLE_SIP_HANDLER: flag().prefault('false'),
  SIP_HOST: text('a host name or an address').prefault('0.0.0.0'),
  SIP_PORT: port().prefault('5060'),
  SIP_TLS_PORT: port().prefault('5061'),
  SIP_DOMAIN: orNull(text('a host name')),
  SIP_TRUNKS: orNull(cidrs()),
  SIP_USERS: orNull(credentials()),
  SIP_SRTP: choice('off', 'optional', 'required').prefault('optional'),
  SIP_TRANSFER_NUMBERS: orNull(phoneNumbers()),
  SIP_NUMBERS: orNull(phoneNumbers()),
  SIP_WSS_URL: orNull(
    url(
      ['wss:', 'ws:'],
      { path: true },
      'a wss URL, or a ws one on this machine, like wss://sip.example.com:8443',
    ),
  ),
  ICE_SERVERS: orNull(iceServers()),
  PHONE_EMBED_ORIGINS: orNull(httpOrigins()),
  DRACHTIO_HOST: text('a host name or an address').prefault('127.0.0.1'),
  DRACHTIO_PORT: port().prefault('9022'),
  DRACHTIO_SECRET: orNull(secret()),
  FREESWITCH_HOST: hosts().prefault('127.0.0.1'),
  FREESWITCH_PORT: port().prefault('8021'),
  FREESWITCH_SECRET: orNull(secret()),
  SIP_MEDIA_STREAM_URL: orNull(
    url(['ws:', 'wss:'], { path: false }, 'a ws or wss origin without a path, like ws://10.0.0.5:3006'),
  ),
  RECORD_CALLS: flag().prefault('false'),
  RECORDING_STORE: choice('local', 's3').prefault('local'),
  S3_ENDPOINT: orNull(httpBase()),
  S3_BUCKET: orNull(text()),
  S3_REGION: text().prefault('us-east-1'),
  S3_ACCESS_KEY_ID: orNull(secret()),
  S3_SECRET_ACCESS_KEY: orNull(secret()),
  LOG_LEVEL: choice('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent').prefault('info'),
  LOG_FILE: orNull(text('a file')),
  DRAIN_SECONDS: duration('seconds', HOUR_IN_SECONDS).prefault('30'),
})

type Settings = z.output<typeof settings>
type SettingName = keyof Settings

/** The names of all settings, in the order in which `.env.example` lists them. */
export const SETTING_NAMES = Object.keys(settings.shape) as SettingName[]

/** What each setting allows. */
export const SETTING_SCHEMAS = settings.shape

/** A generated key has 32; 16 random letters are about 95 bits, which nobody tries out over HTTP. */
export const SHORTEST_SAFE_KEY = 16

const isSimulated = (s: Settings): boolean =>
  !(s.TWILIO_ACCOUNT_SID || s.TWILIO_AUTH_TOKEN || s.ELEVENLABS_API_KEY || s.ENABLE_SIP_HANDLER)

/** What must hold between settings; looked at even when others are wrong, so that one start tells every fault. */
const rules: { name: SettingName; broken: (found: Partial<Settings>) => unknown; mend: string }[] = [
  {
    name: 'SKIP_WEBHOOK_SIGNATURE_VALIDATION',
    broken: (found) => found.SKIP_WEBHOOK_SIGNATURE_VALIDATION && found.NODE_ENV === 'production',
    mend: 'false when NODE_ENV is production, or anybody could place calls here',
  },
  {
    name: 'ADMIN_API_KEY',
    broken: ({ ADMIN_API_KEY: key, NODE_ENV }) =>
      key && key.length < SHORTEST_SAFE_KEY && NODE_ENV === 'production',
    mend: `at least ${SHORTEST_SAFE_KEY} characters when NODE_ENV is production, such as the output of openssl rand -base64 24`,
  },
  {
    name: 'DATABASE_URL',
    broken: (found) => found.MIGRATION_DATABASE_URL && found.DATABASE_URL === null,
    mend: 'the database of MIGRATION_DATABASE_URL, as the role that the service runs with',
  },
  {
    name: 'TWILIO_AUTH_TOKEN',
    broken: (found) => found.TWILIO_ACCOUNT_SID && found.TWILIO_AUTH_TOKEN === null,
    mend: 'the auth token of the account in TWILIO_ACCOUNT_SID, from the Twilio console',
  },
  {
    name: 'S3_BUCKET',
    broken: (found) => found.RECORDING_STORE === 's3' && found.S3_BUCKET === null,
    mend: 'the name of a bucket when RECORDING_STORE is s3',
  },
  {
    name: 'S3_SECRET_ACCESS_KEY',
    broken: (found) => found.S3_ACCESS_KEY_ID && found.S3_SECRET_ACCESS_KEY === null,
    mend: 'the secret that belongs to S3_ACCESS_KEY_ID',
  },
]

const checkedSettings = rules.reduce<z.ZodType<Settings>>(
  (schema, { name, broken, mend }) =>
    schema.refine((found) => !broken(found), { path: [name], error: mend, when: () => true }),
  settings,
)

/** The settings are wrong; `faults` has one line for each, and `message` all of them. */
export class ConfigError extends Error {
  readonly faults: string[]
  constructor(faults: string[]) {
    super(faults.join('\n'))
    this.name = 'ConfigError'
    this.faults = faults
  }
}

/** The process's environment over what `.env` in the working directory says, if there is one. */
export function environment(): NodeJS.ProcessEnv {
  const { file, shell } = settingSources()
  return { ...file, ...shell }
}

/** The same, each by itself. */
export const settingSources = (): SettingSources => ({ file: dotEnv(), shell: process.env })

export type SettingSources = { file: NodeJS.Dict<string>; shell: NodeJS.Dict<string> }

function dotEnv(): NodeJS.Dict<string> {
  try {
    return parseEnv(readFileSync('.env', 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
}

/**
 * The service's settings, checked and frozen. A setting that is empty or blank counts as not set.
 * @throws ConfigError with one line a fault: the name, what was found (never a secret), what is allowed.
 */
export function loadConfig(env: NodeJS.Dict<string> = environment()): Config {
  const found = Object.fromEntries(
    SETTING_NAMES.map((name) => [name, env[name]?.trim() || undefined] as const),
  )
  const checked = checkedSettings.safeParse(found)
  if (checked.success) return deepFreeze(grouped(checked.data))
  const broken = new Map(checked.error.issues.map((issue) => [issue.path[0] as SettingName, issue]))
  throw new ConfigError([...broken].map(([name, issue]) => faultLine(name, issue, found[name])))
}

function faultLine(name: SettingName, issue: z.core.$ZodIssue, found: string | undefined): string {
  const { allowed, secret } = aboutSetting(settings.shape[name])
  const rule = rules.find(({ mend }) => mend === issue.message)
  const reason = issue.code === 'custom' && issue.params?.isReason ? ` (${issue.message})` : ''
  return `${name}: found ${shown(found, secret)}${reason}, allowed: ${rule ? rule.mend : allowed}`
}

/** Long enough to recognise a value by, short enough to keep a fault on its line. */
const SHOWN_LENGTH = 100

function shown(found: string | undefined, isSecret = false): string {
  if (found === undefined) return 'nothing'
  if (isSecret) return '(hidden)'
  return JSON.stringify(found.replace(/\/\/[^/]*@/, '//(hidden)@').slice(0, SHOWN_LENGTH))
}

function grouped(s: Settings) {
  return {
    /** Where the embedded database, voice samples and local recordings live; absolute. */
    dataDir: resolve(s.DATA_DIR),
    roles: s.ROLES,
    /** The origin at which the other nodes reach this one; null means the address that it has towards the database. */
    nodeUrl: s.NODE_URL,
    /** How long live calls may go on after SIGTERM. */
    drainMs: s.DRAIN_SECONDS,
    /** Without an account and a token, the carrier is the simulated one. */
    carrier: s.TWILIO_ACCOUNT_SID || s.TWILIO_AUTH_TOKEN ? ('real' as const) : ('simulated' as const),
    /** Without a key, voices and agent are the simulated ones. */
    agentVendor: s.ELEVENLABS_API_KEY ? ('real' as const) : ('simulated' as const),
    http: {
      /** A demo is for who sits at this machine, unless told otherwise. */
      host: s.HOST ?? (isSimulated(s) ? '127.0.0.1' : '0.0.0.0'),
      port: s.PORT,
      /** The origin that carriers reach us at; null means the one that a request came to. */
      publicUrl: s.PUBLIC_URL,
      trustProxy: s.TRUST_PROXY,
    },
    database: {
      /** Null means the embedded server. */
      url: s.DATABASE_URL,
      /** The same database as a role that may change tables; null means that the role of `url` may. */
      migrationUrl: s.MIGRATION_DATABASE_URL,
    },
    admin: {
      /** Null means the generated one that is kept in `dataDir`. */
      apiKey: s.ADMIN_API_KEY,
      /** CIDRs; null means that every address may try. */
      allowedIps: s.ALLOWED_IPS,
    },
    elevenLabs: {
      apiKey: s.ELEVENLABS_API_KEY,
      agentId: s.ELEVENLABS_AGENT_ID,
      baseUrl: s.ELEVENLABS_BASE_URL,
      webhookSecret: s.ELEVENLABS_WEBHOOK_SECRET,
    },
    openAi: {
      apiKey: s.OPENAI_API_KEY,
      baseUrl: s.OPENAI_BASE_URL,
      realtimeModel: s.OPENAI_REALTIME_MODEL,
      liveModel: s.OPENAI_LIVE_MODEL,
      /** Writes down what the caller says. */
      transcribeModel: s.OPENAI_TRANSCRIBE_MODEL,
    },
    twilio: {
      accountSid: s.TWILIO_ACCOUNT_SID,
      authToken: s.TWILIO_AUTH_TOKEN,
      phoneNumber: s.TWILIO_PHONE_NUMBER,
      apiBaseUrl: s.TWILIO_API_BASE_URL,
      skipSignatureValidation: s.SKIP_WEBHOOK_SIGNATURE_VALIDATION,
    },
    greeting: {
      voiceId: s.GREETING_VOICE_ID,
      message: s.GREETING_MESSAGE,
      musicEnabled: s.GREETING_MUSIC_ENABLED,
      /** Null means the track that is included. */
      musicUrl: s.GREETING_MUSIC_URL,
    },
    calls: {
      cloneMaxWaitMs: s.CLONE_MAX_WAIT_SECONDS,
      pollIntervalMs: s.POLL_INTERVAL_SECONDS,
      silenceTimeoutMs: s.SILENCE_TIMEOUT_SECONDS,
      voicemailDetectionMs: s.VOICEMAIL_DETECTION_SECONDS,
      maxConcurrent: s.MAX_CONCURRENT_CALLS,
      /** Whose numbers come without a country; null for nobody's. */
      defaultCountry: s.DEFAULT_COUNTRY,
      /** Outbound, for each provider. */
      maxPerSecond: s.MAX_CALLS_PER_SECOND,
      outboundProvider: s.TELEPHONY_PROVIDER,
      sipTrafficPercent: s.SIP_TRAFFIC_PERCENT,
    },
    voices: {
      voiceCacheTtlMs: s.VOICE_CACHE_TTL_HOURS,
      /** Who must vouch for a caller's number, where their voice says nothing about it. */
      trust: s.VOICE_TRUST,
    },
    sip: {
      enabled: s.ENABLE_SIP_HANDLER,
      host: s.SIP_HOST,
      port: s.SIP_PORT,
      /** The name in the certificate by which callers know drachtio-server; null when it has none. */
      domain: s.SIP_DOMAIN,
      /** CIDRs from which calls are taken without a password. */
      trunks: s.SIP_TRUNKS ?? [],
      /** Who may call from elsewhere, with digest authentication. */
      users: s.SIP_USERS ?? [],
      /** Whether callers' audio is to be encrypted. */
      srtp: s.SIP_SRTP,
      /** The numbers that are answered; null means all. */
      numbers: s.SIP_NUMBERS,
      /** To whom a trunk may have calls put through; null means nobody. */
      transferNumbers: s.SIP_TRANSFER_NUMBERS,
      drachtio: { host: s.DRACHTIO_HOST, port: s.DRACHTIO_PORT, secret: s.DRACHTIO_SECRET },
      freeswitch: {
        servers: s.FREESWITCH_HOST.map((entry) => {
          const [host = entry, ownPort] = entry.split(':')
          return { host, port: ownPort ? Number(ownPort) : s.FREESWITCH_PORT }
        }),
        secret: s.FREESWITCH_SECRET,
      },
      browser: {
        /** Where a browser finds drachtio-server; null means that nobody calls from a browser. */
        url: s.SIP_WSS_URL,
        iceServers: s.ICE_SERVERS ?? [],
        /** The sites whose pages may show ours in a frame. */
        embedOrigins: s.PHONE_EMBED_ORIGINS ?? [],
      },
      /** Null means this node's own address. */
      mediaStreamUrl: s.SIP_MEDIA_STREAM_URL,
    },
    recordings: {
      enabled: s.RECORD_CALLS,
      store: s.RECORDING_STORE,
      s3: {
        endpoint: s.S3_ENDPOINT,
        bucket: s.S3_BUCKET,
        region: s.S3_REGION,
        accessKeyId: s.S3_ACCESS_KEY_ID,
        secretAccessKey: s.S3_SECRET_ACCESS_KEY,
      },
    },
    log: {
      level: s.LOG_LEVEL,
      /** Null means stdout. */
      file: s.LOG_FILE,
    },
  }
}

type DeepReadonly<T> = T extends object ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> } : T

/** The settings, grouped by what they concern; lengths of time in milliseconds, what is not set is null. */
export type Config = DeepReadonly<ReturnType<typeof grouped>>

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) {
    if (typeof part === 'object' && part !== null) deepFreeze(part)
  }
  return Object.freeze(value)
}
