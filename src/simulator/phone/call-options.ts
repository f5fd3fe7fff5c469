import { readArgs, UsageError } from '../../commands/command.ts'

export type CallCommandOptions = {
  /** What the caller says; null for the sample that is included. */
  wav: string | null
  /** Where to write what the caller heard; null for nowhere. */
  out: string | null
  from: string
  /** The name of the agent that is called; null for the one that answers by default. */
  agent: string | null
  /** What the carrier says of the caller's number; null for nothing, left out as usual. */
  stirVerstat?: string | null
  /** The longest that the call may last. */
  seconds: number
  /** The service's origin; when none was named, one that runs elsewhere on the same data folder is taken before it. */
  url: URL
  /** Whether a service may be started there when nobody answers: not at an address that was named. */
  mayStart: boolean
  key: string | null
}

/** The caller for whom the demo has a voice on file, so that a clone is made while they hold. */
const DEFAULT_FROM = '+15550100001'
const DEFAULT_URL = 'http://127.0.0.1:3006'
/** Where a service with the same settings listens. */
const urlOf = (port: string | undefined) => (port ? `http://127.0.0.1:${port}` : DEFAULT_URL)
const DEFAULT_SECONDS = 90
const MAX_SECONDS = 3600

export const SYNOPSIS = 'npm run call -- [options]'

export const USAGE = `Places a test call through the simulated carrier of a running service, and tells what happens.

  ${SYNOPSIS}

  --wav FILE      what the caller says: WAV, 8- or 16-bit PCM or mu-law (default: the included sample)
  --out FILE      write what the caller heard to this WAV file
  --from NUMBER   who calls (default ${DEFAULT_FROM}, whose voice is on file in the demo)
  --agent NAME    call this agent, at a number that it answers (default: the one that answers by default)
  --verstat WORD  what the carrier's check of the caller's number came to, or none (default TN-Validation-Passed-A)
  --seconds N     hang up after so many seconds at the latest (default ${DEFAULT_SECONDS})
  --url URL       where the service is (default: where the one of DATA_DIR runs, else http://127.0.0.1:PORT, 3006 without one,
                  and started there if nobody answers)
  --key KEY       the admin key (default: ADMIN_API_KEY, else the file admin-key in DATA_DIR)

The exit status is 0 when the caller was joined to the voice agent, 1 when not, 2 for wrong options.`

/** Reads the command line and the PORT of the settings. @throws UsageError */
export function readCallOptions(args: string[], env: NodeJS.Dict<string> = {}): CallCommandOptions {
  const text = { type: 'string' } as const
  const options = {
    wav: text,
    out: text,
    from: text,
    agent: text,
    verstat: text,
    seconds: text,
    url: text,
    key: text,
  }
  const { wav, out, from, agent, verstat, seconds, url, key } = readArgs({ args, options }).values
  return {
    wav: wav ?? null,
    out: out ?? null,
    from: from ?? DEFAULT_FROM,
    agent: agent ?? null,
    ...(verstat !== undefined && { stirVerstat: readVerstat(verstat) }),
    seconds: readSeconds(seconds),
    url: readUrl(url ?? urlOf(env.PORT)),
    mayStart: url === undefined,
    key: key ?? null,
  }
}

function readVerstat(text: string): string | null {
  if (text === 'none') return null
  if (/^[\w-]{1,64}$/.test(text)) return text
  throw new UsageError(`--verstat must be a word such as TN-Validation-Passed-B, or none, not "${text}".`)
}

function readSeconds(text: string | undefined): number {
  const seconds = text === undefined ? DEFAULT_SECONDS : Number(text)
  if (seconds > 0 && seconds <= MAX_SECONDS) return seconds
  throw new UsageError(`--seconds must be more than 0 and at most ${MAX_SECONDS}, not "${text}".`)
}

function readUrl(text: string): URL {
  const url = URL.parse(text)
  if (url && /^https?:$/.test(url.protocol)) return url
  throw new UsageError(`--url must be an http or https URL like ${DEFAULT_URL}, not "${text}".`)
}
