import type { Call, CallDetails, CallPage, Conversation } from '../../http/calls/calls-routes.ts'
import type { Problem } from '../../problem/problem.ts'
import { learnTime } from './service-clock.ts'
import { sessionBegunAgain } from './session.ts'

export type { CallRecord } from '../../http/calls/call-events-routes.ts'
export type { Call, CallDetails, Conversation }

/*
 * What the page reads from the service. The session's cookie goes along by itself.
 */

/** One thing said; `heard` is what the caller got to hear of it before interrupting. */
export type Turn = Conversation['turns'][number]

/** The service refused, or could not be reached; the message is for the person who looks at the page. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** Of HTTP; null when there was no answer. */
  readonly status: number | null
  /** What is wrong where, one line each. */
  readonly places: readonly string[]

  constructor(message: string, status: number | null = null, places: readonly string[] = []) {
    super(message)
    this.status = status
    this.places = places
  }
}

/** A service that is away will be back, and is asked again; what it refused it would refuse again. */
export const isAway = (error: unknown): boolean => error instanceof ApiError && error.status === null

/** What a person is told about a question that could not be answered, and is asked again if the service is away. */
export const faultWords = (error: Error): string =>
  isAway(error) ? `${error.message} Trying again…` : error.message

/** How soon a service that is away is asked again. */
export const AWAY_RETRY_MS = 2_000

export const hangUp = (callId: string): Promise<Response> =>
  request(`/api/v1/calls/${callId}/hangup`, { method: 'POST', accept: [409] })

/** Null while the carrier has not announced this call yet. */
export async function callByCarrierId(callSid: string): Promise<Call | null> {
  const query = new URLSearchParams({ provider_call_id: callSid, limit: '1' })
  return (await read<CallPage>(`/api/v1/calls?${query}`)).calls[0] ?? null
}

/** The recording of one conversation as the vendor sent it, in the vendor's format. */
export const recordingOf = async (callId: string, conversationId: string): Promise<ArrayBuffer> =>
  (await request(recordingPath(callId, conversationId))).arrayBuffer()

const recordingPath = (callId: string, conversationId: string): string =>
  `/api/v1/calls/${callId}/conversations/${encodeURIComponent(conversationId)}/audio`

/** Has the clone of this caller's voice deleted, here and at the vendor; a voice that is not there is fine too. */
export async function forgetVoice(caller: string): Promise<void> {
  await request(`/api/v1/cache/${encodeURIComponent(caller)}`, { method: 'DELETE', accept: [404] })
}

export const signOut = (): Promise<Response> => request('/console/session', { method: 'DELETE' })

export const read = async <T>(path: string): Promise<T> => (await request(path)).json() as Promise<T>

export type Asked = {
  method?: string
  /** Sent as JSON, unless it is a form with files. */
  body?: object
  /** Statuses that are no fault here. */
  accept?: number[]
}

/** Asks the service; when the session has ended meanwhile, waits until it has begun anew and asks once more. */
export async function request(path: string, asked: Asked = {}): Promise<Response> {
  const askedAt = Date.now()
  const response = await fetch(path, initOf(asked)).catch(() => {
    throw new ApiError('The service does not answer.')
  })
  learnTime(response.headers.get('Date'), askedAt, Date.now())
  if (response.ok || asked.accept?.includes(response.status)) return response
  if (response.status === 401) {
    await sessionBegunAgain()
    return request(path, asked)
  }
  throw await faultOf(response)
}

function initOf({ method = 'GET', body }: Asked): RequestInit {
  const headers: Record<string, string> = { Accept: 'application/json' }
  if (body instanceof FormData) return { method, headers, body }
  if (body) headers['Content-Type'] = 'application/json'
  return { method, headers, ...(body && { body: JSON.stringify(body) }) }
}

/** The service's own words, as a problem of RFC 9457; a proxy in between may answer with anything. */
async function faultOf(response: Response): Promise<ApiError> {
  const problem: Partial<Problem> | null = await response.json().catch(() => null)
  const words = problem && typeof problem.detail === 'string' ? problem.detail : null
  const places = (problem?.errors ?? []).map(({ detail, pointer, parameter }) => {
    const place = pointer?.replace(/^#\//, '') ?? parameter
    return place ? `${place}: ${detail}` : detail
  })
  return new ApiError(
    words ?? `The service answered with status ${response.status}.`,
    response.status,
    places,
  )
}
