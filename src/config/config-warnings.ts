import { type Config, SHORTEST_SAFE_KEY } from './config.ts'
import { shutdownNear } from './model-shutdowns.ts'

/*
 * What is allowed and can hardly be meant. The service logs it at its start, and the doctor tells how to mend it.
 */

export type ConfigWarning = {
  /** The setting. */
  name: string
  /** Follows the name, as in `is not set: every call is refused`. */
  finding: string
  mend: string
}

type Risk = ConfigWarning & { applies: (config: Config) => boolean }

/** A random key of 16 letters has more; fewer make a pattern that is soon tried. */
const FEWEST_LETTERS = 8

const NO_EFFECT = { finding: 'is set, and has no effect in this version', mend: 'leave it out' }
const REFUSED = {
  finding: 'is not set: its server will refuse us',
  mend: "set it to the secret in that server's settings",
}

/** What the servers and their published images come with. */
const KNOWN_SECRETS = new Set(['cymru', 'ClueCon', 'JambonzR0ck$'])
const KNOWN = {
  finding: 'is the one that its server is published with: whoever reaches that controls every call',
  mend: 'set another one, here and there',
}

/** Scanners try the same few thousand words on every phone; these are no words. */
const SHORTEST_SIP_PASSWORD = 10
const isGuessed = ({ name, password }: { name: string; password: string }): boolean =>
  password.length < SHORTEST_SIP_PASSWORD || password.includes(name)

const isLoopback = (host: string): boolean => /^(127\.|::1$|localhost$)/.test(host)

/** No trunk has that many addresses. */
const isForAnybody = (range: string): boolean => /\/[01]$/.test(range)

const RISKS: Risk[] = [
  {
    name: 'ELEVENLABS_AGENT_ID',
    applies: ({ agentVendor, elevenLabs }) => agentVendor === 'real' && elevenLabs.agentId === null,
    finding: 'is not set: only numbers with an agent of their own reach one',
    mend: 'set it, or add agents for all numbers',
  },
  {
    name: 'TWILIO_ACCOUNT_SID',
    applies: ({ carrier, twilio }) => carrier === 'real' && twilio.accountSid === null,
    finding: 'is not set: calls move on and end at their next poll only',
    mend: 'set it, to reach Twilio at once',
  },
  {
    name: 'SKIP_WEBHOOK_SIGNATURE_VALIDATION',
    applies: ({ twilio }) => twilio.skipSignatureValidation,
    finding: 'is true: anybody can send webhooks in the name of Twilio',
    mend: 'set it to false',
  },
  {
    name: 'PUBLIC_URL',
    applies: ({ carrier, http }) => carrier === 'real' && http.publicUrl === null,
    finding: 'is not set: behind a proxy or tunnel, signatures are checked against the wrong URL',
    mend: 'set it to the https origin that Twilio calls',
  },
  {
    name: 'PUBLIC_URL',
    applies: ({ carrier, http }) => carrier === 'real' && http.publicUrl?.startsWith('http:') === true,
    finding: 'is http: Twilio opens media streams by wss only, and calls could be overheard on their way',
    mend: 'put TLS in front of the service, and set it to that https origin',
  },
  {
    name: 'TRUST_PROXY',
    applies: ({ http }) => http.trustProxy === true,
    finding: 'is true: whoever sends X-Forwarded-For names any address, past ALLOWED_IPS and every limit',
    mend: 'set it to the number of your proxies, or to their addresses',
  },
  {
    name: 'TRUST_PROXY',
    applies: ({ http }) =>
      typeof http.trustProxy === 'number' && http.trustProxy > 0 && !isLoopback(http.host),
    finding:
      'counts proxies, and HOST takes connections from everywhere: who comes past the proxies forges an address',
    mend: 'let only the proxies reach this port, or set TRUST_PROXY to their addresses',
  },
  {
    name: 'ALLOWED_IPS',
    applies: ({ http, admin }) =>
      admin.allowedIps !== null && http.trustProxy === false && http.publicUrl?.startsWith('https:') === true,
    finding: 'is set, PUBLIC_URL is https and TRUST_PROXY is not set: only the address of the proxy is seen',
    mend: 'set TRUST_PROXY to the addresses of your proxies',
  },
  {
    name: 'SIP_TRUNKS',
    applies: ({ sip }) => sip.enabled && sip.trunks.length + sip.users.length === 0,
    finding: 'and SIP_USERS are not set: only calls of trunks that are set up in the console are taken',
    mend: 'set one of them to the phones that may call, or set up a trunk',
  },
  {
    name: 'SIP_TRUNKS',
    applies: ({ sip }) => sip.enabled && sip.trunks.some(isForAnybody),
    finding: 'has a range of half the Internet: anybody can call without a password',
    mend: "set it to your trunk's own addresses",
  },
  {
    name: 'SIP_USERS',
    applies: ({ sip }) => sip.enabled && sip.users.some(isGuessed),
    finding: 'has a password that is short, or the name: scanners guess it',
    mend: `use at least ${SHORTEST_SIP_PASSWORD} characters, such as the output of \`openssl rand -hex 12\``,
  },
  {
    name: 'DRACHTIO_SECRET',
    applies: ({ sip }) => sip.enabled && sip.drachtio.secret === null,
    ...REFUSED,
  },
  {
    name: 'DRACHTIO_SECRET',
    applies: ({ sip }) => sip.enabled && KNOWN_SECRETS.has(sip.drachtio.secret ?? ''),
    ...KNOWN,
  },
  {
    name: 'FREESWITCH_SECRET',
    applies: ({ sip }) => sip.enabled && KNOWN_SECRETS.has(sip.freeswitch.secret ?? ''),
    ...KNOWN,
  },
  {
    name: 'FREESWITCH_SECRET',
    applies: ({ sip }) => sip.enabled && sip.freeswitch.secret === null,
    ...REFUSED,
  },
  { name: 'RECORD_CALLS', applies: ({ recordings }) => recordings.enabled, ...NO_EFFECT },
  {
    name: 'ADMIN_API_KEY',
    applies: ({ admin }) => admin.apiKey !== null && admin.apiKey.length < SHORTEST_SAFE_KEY,
    finding: 'is short enough to be guessed',
    mend: `use at least ${SHORTEST_SAFE_KEY} characters, such as the output of \`openssl rand -base64 24\``,
  },
  {
    name: 'ADMIN_API_KEY',
    applies: ({ admin: { apiKey } }) =>
      apiKey !== null && apiKey.length >= SHORTEST_SAFE_KEY && new Set(apiKey).size < FEWEST_LETTERS,
    finding: 'is weak: it is made of a few letters only',
    mend: 'set it to the output of `openssl rand -base64 24`',
  },
]

export const configWarnings = (config: Config, now = new Date()): ConfigWarning[] => [
  ...RISKS.filter(({ applies }) => applies(config)).map(({ name, finding, mend }) => ({
    name,
    finding,
    mend,
  })),
  ...endingModels(config, now),
]

function endingModels({ openAi }: Config, now: Date): ConfigWarning[] {
  const models = [
    {
      name: 'OPENAI_REALTIME_MODEL',
      model: openAi.realtimeModel,
      without: 'calls to its agents end with it',
    },
    {
      name: 'OPENAI_LIVE_MODEL',
      model: openAi.liveModel,
      without: 'calls to its agents end with it',
    },
    {
      name: 'OPENAI_TRANSCRIBE_MODEL',
      model: openAi.transcribeModel,
      without: 'callers’ words are no longer written down',
    },
  ]
  return models.flatMap(({ name, model, without }) => {
    const day = openAi.apiKey === null ? null : shutdownNear(model, now)
    if (day === null) return []
    return {
      name,
      finding: `is ${model}, which ends on ${day}: ${without}`,
      mend: 'leave it out, for the default',
    }
  })
}

/** One line, for the log. */
export const warningLine = ({ name, finding, mend }: ConfigWarning): string => `${name} ${finding}; ${mend}`
