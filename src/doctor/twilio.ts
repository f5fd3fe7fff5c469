import type { Config } from '../config/config.ts'
import { createTwilioClient, type TwilioClient } from '../telephony/twilio/rest.ts'
import { type Check, type Finding, fail, ok, skip, warn } from './finding.ts'
import { unreachableBecause } from './network-failure.ts'

/** Two requests, and while mending two more; the client gives each 5 seconds. */
const LIMIT_MS = 30_000
const MAX_NUMBERS = 20

const NUMBERS_PAGE = 'console.twilio.com → Phone Numbers → Manage → Active numbers'

type PhoneNumber = Awaited<ReturnType<TwilioClient['incomingPhoneNumbers']['list']>>[number]
type NumberChange = Parameters<ReturnType<TwilioClient['incomingPhoneNumbers']>['update']>[0]
type Change = (what: NumberChange) => Promise<void>

/** The account, our number in it, and whom Twilio asks when that is called. */
export function twilioCheck(config: Config): Check {
  const { accountSid, authToken, apiBaseUrl } = config.twilio
  return {
    name: 'twilio',
    limitMs: LIMIT_MS,
    async *run() {
      if (accountSid === null || authToken === null) {
        yield skip('twilio', missingCredentials(config))
        return
      }
      const client = createTwilioClient({ accountSid, authToken, apiBaseUrl })
      try {
        yield accountFinding(await client.api.v2010.accounts(accountSid).fetch())
        yield* numberFindings(client, config)
      } catch (error) {
        yield twilioFailure(error, apiBaseUrl)
      }
    },
  }
}

function missingCredentials({ carrier }: Config): string {
  return carrier === 'simulated'
    ? 'simulated carrier: TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN are not set'
    : 'TWILIO_ACCOUNT_SID is not set, so the account cannot be looked at'
}

function accountFinding({
  status,
  type,
  friendlyName,
}: {
  status: string
  type: string
  friendlyName: string
}) {
  const name = 'twilio account'
  const found = `${friendlyName}, ${status}, ${type}`
  if (status !== 'active') {
    return fail(name, found, 'take calls with an active account; console.twilio.com says why this one is not')
  }
  if (type !== 'Trial') return ok(name, found)
  return warn(
    name,
    `${found}: callers hear Twilio's trial message, and only verified numbers can be called`,
    'upgrade the account (console.twilio.com → Billing)',
  )
}

async function* numberFindings(client: TwilioClient, config: Config): AsyncGenerator<Finding> {
  const name = 'twilio number'
  const { phoneNumber } = config.twilio
  if (phoneNumber === null) {
    yield warn(
      name,
      'TWILIO_PHONE_NUMBER is not set: no outbound calls, and its webhooks cannot be looked at',
      `set TWILIO_PHONE_NUMBER to a number of the account (${NUMBERS_PAGE})`,
    )
    return
  }
  const numbers = await client.incomingPhoneNumbers.list({ phoneNumber, limit: MAX_NUMBERS })
  const number = numbers.find((each) => each.phoneNumber === phoneNumber)
  if (number === undefined) {
    yield fail(
      name,
      `the account has no number ${phoneNumber}`,
      `set TWILIO_PHONE_NUMBER to a number of the account (${NUMBERS_PAGE}), or buy one there`,
    )
    return
  }
  yield number.capabilities.voice === false
    ? fail(name, `${phoneNumber} cannot take voice calls`, `use a number that can (${NUMBERS_PAGE})`)
    : ok(name, `${phoneNumber} belongs to the account`)
  // By its SID: a number from a list does not know its own, with this SDK (6.2.0).
  const change: Change = async (what) => void (await client.incomingPhoneNumbers(number.sid).update(what))
  yield* webhookFindings(number, config.http.publicUrl, change)
}

function* webhookFindings(number: PhoneNumber, publicUrl: string | null, change: Change): Generator<Finding> {
  if (publicUrl === null) {
    yield skip('twilio webhooks', 'PUBLIC_URL is not set, so they cannot be compared with it')
    return
  }
  yield voiceUrl(number, `${publicUrl}/webhooks/inbound`, change)
  yield fallbackUrl(number, `${publicUrl}/webhooks/inbound`, change)
  yield statusCallback(number, `${publicUrl}/webhooks/call-status`, change)
}

function voiceUrl(number: PhoneNumber, url: string, change: Change): Finding {
  const name = 'twilio voice URL'
  if (number.trunkSid) {
    return fail(
      name,
      `calls go to the SIP trunk ${number.trunkSid} and not to a webhook`,
      `set the number to Configure with: Webhook, and ${url} with HTTP POST (${NUMBERS_PAGE})`,
    )
  }
  // A TwiML App takes the place of the number's own URLs.
  const set = () => change({ voiceUrl: url, voiceMethod: 'POST', voiceApplicationSid: '' })
  const mend = `set A call comes in to Webhook, ${url}, HTTP POST (${NUMBERS_PAGE})`
  if (number.voiceApplicationSid) {
    return fail(name, `calls go to the TwiML App ${number.voiceApplicationSid} instead`, mend, set)
  }
  const found = asked(number.voiceMethod, number.voiceUrl)
  return isSame(found, url) ? ok(name, found) : fail(name, `is ${found}`, mend, set)
}

/**
 * Twilio repeats no request that was answered badly or not at all; it asks here instead, for the first TwiML as for all that
 * follow. The same webhook gives a call's present TwiML, by then perhaps from another node.
 */
function fallbackUrl(number: PhoneNumber, url: string, change: Change): Finding {
  const name = 'twilio fallback URL'
  const found = asked(number.voiceFallbackMethod, number.voiceFallbackUrl)
  // A server elsewhere, with words of the operator's own, is as good.
  if (number.voiceFallbackUrl) return ok(name, found)
  return warn(
    name,
    `is ${found}: a request that meets a dying node costs its caller the call`,
    `set Primary handler fails to Webhook, ${url}, HTTP POST (${NUMBERS_PAGE})`,
    () => change({ voiceFallbackUrl: url, voiceFallbackMethod: 'POST' }),
  )
}

function statusCallback(number: PhoneNumber, url: string, change: Change): Finding {
  const name = 'twilio status callback'
  const found = asked(number.statusCallbackMethod, number.statusCallback)
  if (isSame(found, url)) return ok(name, found)
  return fail(
    name,
    `is ${found}: nobody would tell us that a caller has hung up`,
    `set Call status changes to ${url}, HTTP POST (${NUMBERS_PAGE})`,
    () => change({ statusCallback: url, statusCallbackMethod: 'POST' }),
  )
}

const asked = (method: string, url: string): string => (url ? `${method} ${url}` : 'not set')

/** A fragment holds Twilio's own connection overrides (time limits, retries) and never reaches us. */
const isSame = (found: string, url: string): boolean => found.replace(/#.*$/, '') === `POST ${url}`

/** https://www.twilio.com/docs/api/errors/20003 */
const AUTHENTICATION_ERROR = 20003

/** RestException for an answer, AxiosError for none. */
function twilioFailure(error: unknown, apiBaseUrl: string): Finding {
  const name = 'twilio'
  const { status, code, message } = error as { status?: number; code?: number | string; message: string }
  if (code === AUTHENTICATION_ERROR || status === 401) {
    return fail(
      name,
      `Twilio refuses the credentials: ${message}`,
      'set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN to Account SID and Auth Token of console.twilio.com → Account Info',
    )
  }
  if (status !== undefined) {
    return fail(name, `Twilio answers ${status}: ${message}`, 'try again later (status.twilio.com)')
  }
  return fail(
    name,
    `${apiBaseUrl} cannot be reached: ${unreachableBecause(error)}`,
    'let this machine reach it (firewall, proxy, DNS), or correct TWILIO_API_BASE_URL',
  )
}
