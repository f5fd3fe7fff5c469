import type { EndReason } from '../../../machines/end-reasons.ts'

/*
 * What the page reads from the service. The session's cookie goes along by itself.
 */

/** A call as `GET /api/v1/calls` lists it; times in ISO 8601. */
export type Call = {
  id: string
  state: string
  /** Within `bridged`: how far the agent is. */
  bridge: string | null
  provider: string
  from: string
  to: string
  startedAt: string
  bridgedAt: string | null
  endedAt: string | null
  outcome: EndReason | null
}

/** One thing said; `heard` is what the caller got to hear of it before interrupting. */
export type Turn = {
  role: 'caller' | 'agent'
  text: string
  heard?: string | null
  interrupted: boolean
  at: string
}

/** One event of a call, as it was committed. */
export type CallRecord = {
  seq: number
  at: string
  type: string
  event: { type: string } & Record<string, unknown>
  stateBefore: string
  stateAfter: string
  effects: { type: string; params?: Record<string, unknown> }[]
}

/** The service refused, or could not be reached; the message is for the person who looks at the page. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
}

export const recentCalls = async (): Promise<Call[]> =>
  (await read<{ calls: Call[] }>('/api/v1/calls?limit=20')).calls

export const callById = (callId: string): Promise<Call> => read(`/api/v1/calls/${callId}`)

/** Null while the carrier has not announced this call yet. */
export async function callByCarrierId(callSid: string): Promise<Call | null> {
  const query = new URLSearchParams({ provider_call_id: callSid, limit: '1' })
  return (await read<{ calls: Call[] }>(`/api/v1/calls?${query}`)).calls[0] ?? null
}

export const conversationOf = async (callId: string): Promise<Turn[]> =>
  (await read<{ turns: Turn[] }>(`/api/v1/calls/${callId}/conversation`)).turns

/** Has the clone of this caller's voice deleted, here and at the vendor; a voice that is not there is fine too. */
export async function forgetVoice(caller: string): Promise<void> {
  await request(`/api/v1/cache/${encodeURIComponent(caller)}`, { method: 'DELETE', accept: [404] })
}

export const signOut = (): Promise<Response> => request('/console/session', { method: 'DELETE' })

export const read = async <T>(path: string): Promise<T> => (await request(path)).json() as Promise<T>

async function request(path: string, { method = 'GET', accept = [] as number[] } = {}): Promise<Response> {
  const response = await fetch(path, { method, headers: { Accept: 'application/json' } }).catch(() => {
    throw new ApiError('The service does not answer.')
  })
  // The session is over: the same address now shows the sign-in page.
  if (response.status === 401) location.reload()
  if (response.ok || accept.includes(response.status)) return response
  throw new ApiError(await problemOf(response))
}

/** The service's own words, in `application/problem+json`; a proxy in between may answer with anything. */
async function problemOf(response: Response): Promise<string> {
  const problem = await response.json().catch(() => null)
  return typeof problem?.detail === 'string'
    ? problem.detail
    : `The service answered with status ${response.status}.`
}
