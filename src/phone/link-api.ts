/*
 * What the page asks of the service for its link's token.
 */

/** Who is called, as the page says it. Times in ISO 8601. */
export type Link = { callee: string; callerName: string | null; expiresAt: string }

/** A SIP user who exists for one call, and where it is placed. */
export type Credentials = { url: string; iceServers: RTCIceServer[]; user: string; password: string }

/** `isFinal`: asking again would be answered the same. The message is for whoever looks at the page. */
export class LinkRefused extends Error {
  override readonly name = 'LinkRefused'
  readonly isFinal: boolean

  constructor(message: string, isFinal: boolean) {
    super(message)
    this.isFinal = isFinal
  }
}

export const lookAtLink = (token: string): Promise<Link> => ask('link', token)

export const credentialsFor = (token: string): Promise<Credentials> => ask('credentials', token)

/** Rejects with LinkRefused. */
async function ask<Answer>(what: string, token: string): Promise<Answer> {
  const response = await fetch(`/phone/${what}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ token }),
  }).catch(() => {
    throw new LinkRefused('The service does not answer. Are you online?', false)
  })
  if (response.ok) return response.json() as Promise<Answer>
  const problem: { detail?: unknown } | null = await response.json().catch(() => null)
  const words = typeof problem?.detail === 'string' ? problem.detail : null
  throw new LinkRefused(
    words ?? `The service answered with status ${response.status}.`,
    response.status === 404 || response.status === 410,
  )
}
