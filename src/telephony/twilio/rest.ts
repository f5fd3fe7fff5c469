import twilio from 'twilio'
import type { RequestOptions } from 'twilio/lib/base/RequestClient.js'
import type { LegAddress, Telephony } from '../../calls/ports.ts'

/** A REST request that takes longer is given up: the leg's next poll is sooner. */
const TIMEOUT_MS = 5_000

/** 20404: no such call. 21220: the call is not in a state for this, which after the first webhook means that it is over. */
const CALL_IS_OVER = [20404, 21220]

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

/** Tells Twilio's side of a call what to do, through its REST API. */
export function twilioTelephony(client: TwilioClient): Telephony {
  const update = async (
    leg: LegAddress,
    change: Parameters<ReturnType<TwilioClient['calls']>['update']>[0],
  ): Promise<void> => {
    try {
      await client.calls(leg.providerCallId).update(change)
    } catch (error) {
      if (!CALL_IS_OVER.includes((error as { code?: number }).code ?? 0)) throw error
    }
  }
  return {
    moveLeg: (leg) => update(leg, { url: `${leg.publicOrigin}/webhooks/status-callback`, method: 'POST' }),
    hangUp: (leg) => update(leg, { status: 'completed' }),
  }
}

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
  moveLeg: async () => {},
  hangUp: async () => {},
}
