import type { Logger } from 'pino'
import twilio from 'twilio'
import type { RequestOptions } from 'twilio/lib/base/RequestClient.js'
import type { LegEndStatus } from '../../../machines/call-events.ts'
import type { LegEnd, LegName, Telephony } from '../../calls/ports.ts'
import { callbackUrl } from './callback-url.ts'

/** A REST request that takes longer is given up: the leg's next poll is sooner. */
const TIMEOUT_MS = 5_000

/** 20404: no such call. 21220: the call is not in a state for this, which after the first webhook means that it is over. */
const UNKNOWN_CALL = 20404
const CALL_IS_OVER = [UNKNOWN_CALL, 21220]

/** Statuses of a call that is over (docs voice/api/call-resource); a call with any other still lives. */
const END_STATUSES: readonly string[] = [
  'completed',
  'busy',
  'no-answer',
  'failed',
  'canceled',
] satisfies LegEndStatus[]

export type TwilioAccount = { accountSid: string; authToken: string; apiBaseUrl: string }

export type TwilioClient = ReturnType<typeof twilio>

/** The SDK's client, talking to the API at another origin where the settings say so. */
export function createTwilioClient(
  { accountSid, authToken, apiBaseUrl }: TwilioAccount,
  timeoutMs = TIMEOUT_MS,
): TwilioClient {
  return twilio(accountSid, authToken, { httpClient: new RedirectedClient(apiBaseUrl, timeoutMs) })
}

class RedirectedClient extends twilio.RequestClient {
  readonly #base: string

  constructor(base: string, timeoutMs: number) {
    super({ timeout: timeoutMs, keepAlive: true })
    this.#base = base.replace(/\/$/, '')
  }

  override request<TData>(options: RequestOptions<TData>) {
    const uri = options.uri.replace(/^https:\/\/api(\.[\w-]+)*\.twilio\.com/, this.#base)
    return super.request<TData>({ ...options, uri })
  }
}

/** Twilio found fault with the request itself, and would again. */
const REFUSALS = [400, 405, 409, 410, 415, 422]

/** Tells Twilio's side of a call what to do, through its REST API. */
export function twilioTelephony(client: TwilioClient, log: Logger): Telephony {
  const update = async (
    leg: LegName,
    change: Parameters<ReturnType<TwilioClient['calls']>['update']>[0],
  ): Promise<'done' | 'over' | 'refused'> => {
    try {
      await client.calls(leg.providerCallId).update(change)
      return 'done'
    } catch (error) {
      if (CALL_IS_OVER.includes(codeOf(error))) return 'over'
      const { status = 0 } = error as { status?: number }
      if (!REFUSALS.includes(status)) throw error
      log.error({ err: error }, 'Twilio refuses what a call is to do, and is not asked for it again')
      return 'refused'
    }
  }
  return {
    async redirectLeg(leg, left) {
      const said = { leg: leg.legId, ...(left > 0 && { leaves: left }) }
      const url = callbackUrl('status-callback', leg.publicOrigin, said)
      const answer = await update(leg, { url, method: 'POST' })
      if (answer !== 'over') return answer === 'done' ? 'redirected' : 'impossible'
      const end = await endOf(client, leg)
      if (end === 'live')
        throw new Error(`Twilio did not redirect call ${leg.providerCallId}, which it says lives.`)
      return end
    },
    checkLeg: (leg) => endOf(client, leg),
    async hangUp(leg) {
      await update(leg, { status: 'completed' })
    },
  }
}

/**
 * How the call ended. A call that Twilio does not know may be another account's, as when its number is in a subaccount, and
 * live: that says nothing of its end.
 */
async function endOf(
  client: TwilioClient,
  { providerCallId }: LegName,
): Promise<LegEnd | 'live' | 'impossible'> {
  const call = await client
    .calls(providerCallId)
    .fetch()
    .catch((error: unknown) => {
      if (codeOf(error) === UNKNOWN_CALL) return null
      throw error
    })
  if (!call) return 'impossible'
  if (!END_STATUSES.includes(call.status)) return 'live'
  const seconds = Number(call.duration ?? Number.NaN)
  const status = call.status as LegEndStatus
  return Number.isInteger(seconds) ? { status, durationSeconds: seconds } : { status }
}

const codeOf = (error: unknown): number => (error as { code?: number }).code ?? 0

/** Whether the API answers and takes the credentials: `ok`, or what is wrong in a few words. */
export async function checkTwilioAccount(client: TwilioClient, accountSid: string): Promise<string> {
  try {
    const { status } = await client.api.v2010.accounts(accountSid).fetch()
    return status && status !== 'active' ? `account ${status}` : 'ok'
  } catch (error) {
    const { status = 0 } = error as { status?: number }
    if (status === 401 || status === 403) return 'credentials refused'
    if (status === 429) return 'rate limited'
    return status >= 400 && status < 500 ? 'ok' : 'unreachable'
  }
}

/** Without credentials nothing can be told: the leg learns everything at its next poll. */
export const silentTelephony: Telephony = {
  redirectLeg: async () => 'impossible',
  checkLeg: async () => 'impossible',
  hangUp: async () => {},
}
