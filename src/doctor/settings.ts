import { type Config, ConfigError, configWarnings, loadConfig, SETTING_NAMES } from '../config.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

const NAME = 'settings'

/** The settings, or null when they are not valid, and what is to be said about them; `misspelt` is says which names are no setting's. */
export function examineSettings(
  read: () => NodeJS.Dict<string>,
  misspelt: () => string[] = () => [],
): { config: Config | null; findings: Finding[] } {
  const { config, findings } = examineValues(read)
  return {
    config,
    findings: [...findings, ...readable(misspelt).map((name) => warn(NAME, name, `rename it ${WHERE}`))],
  }
}

/** A .env that cannot be read has been told of by then. */
function readable(names: () => string[]): string[] {
  try {
    return names()
  } catch {
    return []
  }
}

function examineValues(read: () => NodeJS.Dict<string>): { config: Config | null; findings: Finding[] } {
  try {
    const env = read()
    const config = loadConfig(env)
    const set = SETTING_NAMES.filter((name) => env[name]?.trim()).length
    return { config, findings: [ok(NAME, `valid, ${set} of ${SETTING_NAMES.length} set`), ...risks(config)] }
  } catch (error) {
    return { config: null, findings: faults(error) }
  }
}

function faults(error: unknown): Finding[] {
  if (error instanceof ConfigError) {
    return error.faults.map((fault) => fail(NAME, fault, `change it ${WHERE}`))
  }
  const { message } = error as Error
  return [
    fail(NAME, `.env cannot be read: ${message}`, 'let this user read .env, and keep to NAME=value lines'),
  ]
}

const WHERE = 'in .env or in the environment, then restart the service'

/** What is allowed but can hardly be meant: first what the service itself says at start, then what only shows in use. */
function risks(config: Config): Finding[] {
  const saidAtStart = configWarnings(config).map((warning) => {
    const setting = warning.split(' ', 1)[0] ?? ''
    return { setting, risk: warn(NAME, warning, `change ${setting} ${WHERE}`) }
  })
  const others = RISKS.filter(({ applies }) => applies(config)).map(({ setting, finding, mend }) => ({
    setting,
    risk: warn(NAME, `${setting} ${finding}`, `${mend} ${WHERE}`),
  }))
  const known = new Set(saidAtStart.map(({ setting }) => setting))
  return [...saidAtStart, ...others.filter(({ setting }) => !known.has(setting))].map(({ risk }) => risk)
}

/** A random key of 16 letters has more; fewer make a pattern that is soon tried. */
const FEWEST_LETTERS = 8

type Risk = { setting: string; applies: (config: Config) => boolean; finding: string; mend: string }

const RISKS: Risk[] = [
  {
    setting: 'PUBLIC_URL',
    applies: ({ carrier, http }) => carrier === 'real' && http.publicUrl === null,
    finding: 'is not set: behind a proxy every signature of Twilio would be refused, its URL being another',
    mend: 'set PUBLIC_URL to the https origin that Twilio calls,',
  },
  {
    setting: 'PUBLIC_URL',
    applies: ({ carrier, http }) => carrier === 'real' && http.publicUrl?.startsWith('http:') === true,
    finding: 'is http: Twilio opens media streams by wss only, and calls could be overheard on their way',
    mend: 'put TLS in front of the service and set PUBLIC_URL to its https origin,',
  },
  {
    setting: 'SKIP_WEBHOOK_SIGNATURE_VALIDATION',
    applies: ({ twilio }) => twilio.skipSignatureValidation,
    finding: 'is on: anybody can send webhooks in the name of Twilio',
    mend: 'set SKIP_WEBHOOK_SIGNATURE_VALIDATION to false',
  },
  {
    setting: 'ADMIN_API_KEY',
    applies: ({ admin }) => admin.apiKey !== null && new Set(admin.apiKey).size < FEWEST_LETTERS,
    finding: 'is weak: it is made of a few letters only',
    mend: 'set ADMIN_API_KEY to the output of `openssl rand -base64 24`',
  },
]
